"""The page's style sheet: the desk's colours, light and dark as the reader prefers, and for paper.

Simulated is hatched as well as coloured, so that it shows in print and to the colour-blind.
"""

from __future__ import annotations

_LIGHT = """
--paper:#fcfcfb;--soft:#f3f4f2;--ink:#1b1f1e;--dim:#4e5955;--edge:#d9ddda;--accent:#0f766e;
--human:#0f766e;--autonomous:#1d4ed8;--simulated:#7e22ce;--unproved:#b45309;--none:#c9cfcc;
--warn:#92400e;--warn-paper:#fef3e2;--hatch:#fcfcfb;
"""
_DARK = """
--paper:#131716;--soft:#1c2220;--ink:#e7ecea;--dim:#a9b5b1;--edge:#37403d;--accent:#2dd4bf;
--human:#2dd4bf;--autonomous:#7aa7ff;--simulated:#c79bff;--unproved:#f0a94a;--none:#4a5551;
--warn:#f5c27a;--warn-paper:#2c2213;--hatch:#131716;
"""
_REST = """
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.55 Inter,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:66rem;margin:0 auto;padding:1.5rem 1.25rem 4rem}
h1,h2,h3,p,li,td,th,dd{overflow-wrap:anywhere}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .4rem}
h2{font-size:1.3rem;margin:2.6rem 0 .7rem;line-height:1.3}
h3{font-size:1.05rem;margin:1.6rem 0 .4rem}
p,ul,ol{margin:.5rem 0}
p,ul:not(.legend),ol,.hashes{max-width:52rem}
ul,ol{padding-left:1.3rem}
li{margin:.3rem 0}
.dim,figcaption,caption{color:var(--dim);font-size:.9rem}
code{font:.92em ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace;background:var(--soft);
padding:.08em .3em;border-radius:4px;overflow-wrap:anywhere}
.promise,.nothing{border:1px solid var(--edge);border-left:6px solid var(--accent);
border-radius:6px;background:var(--soft);padding:1rem 1.2rem;margin:.8rem 0}
.promise .words{font-size:1.15rem;line-height:1.5;margin:.2rem 0}
.promise.played{border-left-color:var(--simulated)}
.nothing{border-left-color:var(--unproved)}
.nothing strong{font-size:1.15rem}
.simulated-sign{display:inline-block;font-size:1.9rem;font-weight:800;letter-spacing:.08em;
line-height:1.2;color:var(--simulated);border:3px dashed var(--simulated);border-radius:6px;
padding:.05em .4em;margin:.3rem 0}
.mark{display:inline-block;font-size:.8rem;font-weight:800;letter-spacing:.05em;
color:var(--simulated);border:2px dashed var(--simulated);border-radius:4px;padding:0 .35em}
.warn{background:var(--warn-paper);color:var(--warn);border-radius:6px;padding:.6rem .9rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));gap:.7rem;
margin:.9rem 0;padding:0}
.tiles div{border:1px solid var(--edge);border-radius:6px;padding:.6rem .8rem}
.tiles dt{color:var(--dim);font-size:.88rem;line-height:1.35}
.tiles strong{color:var(--ink)}
.tiles dd{margin:.1rem 0 0;font-size:1.55rem;font-weight:650;line-height:1.25;
font-variant-numeric:tabular-nums}
.stack{display:block;width:100%;height:2.4rem;border-radius:6px;overflow:hidden}
.legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;margin:.6rem 0}
.legend li{display:flex;align-items:center;gap:.45rem}
.swatch{width:1rem;height:1rem;flex:none;border-radius:3px}
.defs{position:absolute}
.part{stroke:var(--paper);stroke-width:1}
.part.human{fill:var(--human)}.part.autonomous{fill:var(--autonomous)}
.part.unproved{fill:var(--unproved)}.part.none{fill:var(--none)}
.part.simulated{fill:url(#hatch-simulated)}
.part.autonomous_simulated{fill:url(#hatch-autonomous_simulated)}
.fill.simulated{fill:var(--simulated)}.fill.autonomous_simulated{fill:var(--autonomous)}
.hatch{stroke:var(--hatch);stroke-width:1.8;fill:none}
.wide{overflow-x:auto;margin:.8rem 0;border:1px solid var(--edge);border-radius:6px}
.wide:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:.5rem .7rem;border-bottom:1px solid var(--edge)}
th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid var(--edge)}
th,.wide td{overflow-wrap:normal}
.figures td,.figures tbody th{white-space:nowrap}
.figures td:last-child{white-space:normal}
tbody tr:last-child>*{border-bottom:0}
thead th{color:var(--dim);font-weight:600;vertical-align:bottom}
tbody th{font-weight:600}
.evidence{display:block;width:7rem;height:.8rem;margin:.25rem 0}
.whisker{display:block;width:100%;min-width:9rem;max-width:18rem;height:.8rem;margin:.4rem 0;
overflow:visible}
.track{fill:var(--edge)}.tick{fill:var(--ink)}
.bar.enough{fill:var(--accent)}.bar.short{fill:var(--unproved)}
.interval{fill:var(--accent);opacity:.5}.dot{fill:var(--accent);stroke:var(--paper)}
figure{margin:.8rem 0}
.curve{display:block;width:100%;max-width:34rem;height:auto}
.curve text{fill:var(--dim);font-size:11px}
.curve .grid{stroke:var(--edge)}.curve .band{fill:var(--accent);opacity:.18}
.curve .line{fill:none;stroke:var(--accent);stroke-width:2}
.curve .naive{fill:none;stroke:var(--unproved);stroke-width:1.6}
.part-two{border-top:3px solid var(--edge);margin-top:3rem}
.hashes dt{color:var(--dim);font-size:.88rem}
.hashes dd{margin:0 0 .5rem}
@media(max-width:34rem){body{font-size:15px}main{padding:1rem .9rem 3rem}
h1{font-size:1.45rem}.tiles{grid-template-columns:1fr 1fr;gap:.5rem}
.tiles dd{font-size:1.25rem}.promise .words{font-size:1.05rem}.promise,.nothing{padding:.8rem}}
"""
_PRINT = """
html{color-scheme:light}
body{font-size:10.5pt}main{max-width:none;padding:0}
.wide{overflow:visible}.figures td,.figures tbody th{white-space:normal}
table{font-size:8.5pt}th,td{padding:.2rem .35rem}
h2,h3{break-after:avoid}tr,figure,.promise,.nothing,.tiles div{break-inside:avoid}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
@page{margin:16mm}
"""

STYLE = (
    f":root{{{_LIGHT}}}@media screen and (prefers-color-scheme:dark){{:root{{{_DARK}}}}}"
    f"{_REST}@media print{{{_PRINT}}}"
)
