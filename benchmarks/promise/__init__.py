"""The promise, measured: certificates, streams, fusion, people."""
