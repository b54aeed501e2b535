"""Files of rows: what comes in from them, and what goes out to them; no store is known here.

In: `read` opens a file by its extension with `delimited`, `json_lines`, `parquet` or `xlsx` (`text`
has encodings and lines); each gives `rows`, or a problem for a row that is broken. `columns`
chooses which column is what, `to_records` makes records of rows, and `file_import` counts it all
into an `import_summary`. What a file says of its own origin is to be read where its columns are
chosen, and refused or counted in `file_import`. Out: `write`.
"""

from tiebreak.files.columns import ImportOptions, labels_of_column
from tiebreak.files.file_import import FileImport
from tiebreak.files.import_summary import ImportSummary
from tiebreak.files.rows import clean_text
from tiebreak.files.to_records import new_record
from tiebreak.files.write import whole_file, write_rows

__all__ = [
    "FileImport",
    "ImportOptions",
    "ImportSummary",
    "clean_text",
    "labels_of_column",
    "new_record",
    "whole_file",
    "write_rows",
]
