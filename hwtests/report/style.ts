/** The page's looks: light and dark by the reader's setting, one column on a phone, legible on paper. */
export const style = `
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2330;--dim:#566173;--line:#d9dee6;--accent:#0b63c5;
--s0:#0b63c5;--s1:#b4520a;--s2:#1a7f45;--s3:#8a2fb0;--band:#0b63c51f;--good:#1a7f45;--warn:#a15a00;--bad:#b3261e;--c0:#e0a63b;--c1:#ff5fa2;--c2:#4db8ff;--c3:#a7e05f}
@media (prefers-color-scheme:dark){:root{--bg:#0e131b;--card:#161d28;--ink:#e6ebf2;--dim:#9aa7b8;--line:#2a3443;--accent:#6db1ff;
--s0:#6db1ff;--s1:#ffab66;--s2:#5fd38d;--s3:#d39bf0;--band:#6db1ff26;--good:#5fd38d;--warn:#ffb454;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main,header>div,footer,nav{max-width:1240px;margin:0 auto;padding:0 20px}
header{background:linear-gradient(120deg,#071a33,#0d3b66 60%,#14547a);color:#fff;padding:30px 0 26px}
header .brand{letter-spacing:.28em;font-size:12px;text-transform:uppercase;opacity:.85;margin:0}
h1{font-size:30px;line-height:1.2;margin:6px 0}header p{margin:4px 0;color:#d5e3f2}
nav{display:flex;flex-wrap:wrap;gap:4px 18px;padding-top:12px;padding-bottom:4px}
a{color:var(--accent)}nav a{text-decoration:none}nav a:hover,nav a:focus{text-decoration:underline}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:#fff;color:#000;padding:6px;z-index:9}
h2{font-size:21px;margin:34px 0 10px}h3{font-size:15px;margin:10px 0 0}p{margin:6px 0 12px}small,.where{color:var(--dim)}
.hidden{position:absolute}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:12px;margin:18px 0 0;padding:0}
.tiles div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 14px}
.tiles dt{color:var(--dim);font-size:13px}.tiles dd{margin:2px 0 0;font-size:23px;font-weight:650;line-height:1.25}
.tiles dd small{display:block;font-size:13px;font-weight:400}
figure{margin:0 0 16px;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px;overflow:hidden}
figure svg{display:block;width:100%;height:auto}figcaption{font-weight:600;font-size:14px;margin-bottom:6px}
.map figcaption.keys{margin:10px 0 0}.map svg{border-radius:6px;background:#0b1524}
.keys,.legend{display:flex;flex-wrap:wrap;gap:4px 14px;font-size:13px;font-weight:400;color:var(--dim)}
.keys i,.legend i{display:inline-block;width:14px;height:10px;margin-right:5px;border-radius:2px;border:2px solid transparent}
.legend i{height:4px;border:0;vertical-align:middle}
.legend{margin-top:2px}
.k-day{background:#ffd23f}.k-night{background:#7d8fb3}.k-contact{background:#37e29a}.k-found{background:#ff5fa2}.k-station{background:#fff;border:1px solid #555!important}
.keys .k-KEPT{border-color:#58b7e0}.keys .k-CLOUDED{border-color:#8892a0;background:#fff}.keys .k-DARK{border-color:#6b7890}.keys .k-FAILED{border-color:#ff6b5f}
.keys .k-cloud{border-color:#8892a0;background:#fff}.keys .k-sent{border-color:#ff5fa2;box-shadow:0 0 0 1px #ff5fa2}
.graticule{stroke:#fff;stroke-opacity:.14;fill:none}
.day path,.night path,.contact path{fill:none;stroke-linejoin:round;stroke-linecap:round}
.day path{stroke:#ffd23f;stroke-width:3}.night path{stroke:#7d8fb3;stroke-width:2.5;stroke-dasharray:1 6}
.contact path{stroke:#37e29a;stroke-width:10;stroke-opacity:.6}
.footprints path{stroke-width:2;fill-opacity:.13}
path.KEPT{stroke:#8fdcff;fill:#8fdcff}path.CLOUDED{stroke:#fff;fill:#fff;fill-opacity:.45}path.DARK{stroke:#6b7890;fill:#6b7890}path.FAILED{stroke:#ff6b5f;fill:#ff6b5f}
.captures path{fill:#ffe14d;stroke:#ffe14d;stroke-width:7;stroke-linejoin:round}.k-capture{background:#ffe14d}
.found circle{fill:#ff5fa2;stroke:#3a0a20;stroke-width:1}
.stations path{fill:#fff;stroke:#0b1524;stroke-width:1.5}.stations .unseen{opacity:.6}
.stations text{fill:#fff;font-size:19px;font-weight:600;paint-order:stroke;stroke:#0b1524;stroke-width:4px}
.heat rect{fill:#ff4d2e;stroke:#ff4d2e;stroke-opacity:.35}
.plots{display:grid;align-items:start;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:14px}.plots>*{margin:0}.plots+*{margin-top:14px}
.side{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,360px),1fr));gap:14px;align-items:start;margin:14px 0}
.grid{stroke:var(--line);fill:none}.tick{fill:var(--dim);font-size:12px}.tick.y{text-anchor:end}.tick.x{text-anchor:middle}
.band{fill:var(--band)}.line{fill:none;stroke-width:2;stroke-linejoin:round}
.line.s0{stroke:var(--s0)}.line.s1{stroke:var(--s1);stroke-dasharray:7 3}.line.s2{stroke:var(--s2);stroke-dasharray:2 3}.line.s3{stroke:var(--s3)}
i.s0{background:var(--s0)}i.s1{background:var(--s1)}i.s2{background:var(--s2)}i.s3{background:var(--s3)}
rect.capacity{fill:var(--line)}i.capacity{background:var(--line);height:10px!important}rect.sent-bytes{fill:var(--s0)}
.cursor{stroke:var(--ink);stroke-opacity:.5}.plot{position:relative}
.readout{position:absolute;top:34px;right:14px;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:4px 8px;font-size:12px;pointer-events:none;white-space:pre}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(225px,1fr));gap:14px}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;overflow:hidden;padding-bottom:8px;font-size:14px}
.card>:not(.picture){margin-left:12px;margin-right:12px}.card p{margin-top:2px;margin-bottom:4px}
.picture{position:relative;aspect-ratio:1;background:#0b1524}.picture img,.picture svg{position:absolute;inset:0;width:100%;height:100%}
.overlay rect{fill:none;stroke-width:1;stroke-opacity:.8;pointer-events:all}
.overlay .cloud{stroke:#fff;fill:#fff;fill-opacity:.25}.overlay .unclassified{stroke:#9aa7b8}
.overlay .c0{stroke:var(--c0)}.overlay .c1{stroke:var(--c1)}.overlay .c2{stroke:var(--c2)}.overlay .c3{stroke:var(--c3)}
i.c0{background:var(--c0)}i.c1{background:var(--c1)}i.c2{background:var(--c2)}i.c3{background:var(--c3)}
.overlay .sent{stroke-width:2.4;stroke-opacity:1}.overlay text.wrong{fill:#ff6b5f;font-size:10px;font-weight:700;text-anchor:end;paint-order:stroke;stroke:#000;stroke-width:2px}
b.wrong{color:var(--bad)}
body:has(#overlay:not(:checked)) .overlay{display:none}
.chip{font-size:12px;font-weight:600;border-radius:99px;padding:1px 9px;border:1px solid currentColor;margin-left:4px}
.chip.KEPT{color:var(--good)}.chip.CLOUDED,.chip.DARK{color:var(--dim)}.chip.FAILED{color:var(--bad)}
.card dl{display:grid;grid-template-columns:auto 1fr;gap:0 10px;margin:4px 12px}.card dt{color:var(--dim)}.card dd{margin:0}
h4{font-size:14px;margin:12px 0 0}.scene{margin-bottom:22px}.scene .vessels circle,i.k-vessel{fill:none;stroke:#ff5fa2;stroke-width:7}i.k-vessel{border-color:#ff5fa2!important;border-radius:50%!important;height:14px!important}
g[hidden]{display:none}.swatch{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:7px;vertical-align:-1px}
.pair{display:grid;grid-template-columns:1fr 1fr}.card>.pair{margin:0}.pair>img{width:100%;aspect-ratio:1;image-rendering:pixelated}.pair .picture img{image-rendering:pixelated}.pair rect{fill:#050a18}
summary{cursor:pointer;color:var(--accent)}.card table{font-size:13px}.card th,.card td{padding:2px 6px}.card caption{padding:4px 6px}
.scroll{overflow:auto;margin-bottom:14px;border:1px solid var(--line);border-radius:10px;background:var(--card)}.tall{max-height:460px}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums;background:var(--card)}
table.narrow{width:auto;min-width:min(100%,420px)}
caption{text-align:left;color:var(--dim);font-size:13px;padding:8px 12px}
th,td{padding:5px 12px;border-top:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}thead th{color:var(--dim);font-weight:600;font-size:13px}tbody th{font-weight:500}
.tall thead th{position:sticky;top:0;background:var(--card)}
#events th,#events td,#detections th,#detections td{text-align:left}#events td:last-child{white-space:normal;min-width:260px}
.severity{font-weight:600;color:var(--dim)}.severity.warning-low,.severity.warning-high{color:var(--warn)}.severity.fatal{color:var(--bad)}.severity.command,.severity.activity-high{color:var(--accent)}
.filter{border:1px solid var(--line);border-radius:10px;display:flex;flex-wrap:wrap;gap:4px 16px;margin:0 0 10px;padding:6px 12px}.filter legend{color:var(--dim);font-size:13px;padding:0 4px}
label{cursor:pointer}input{accent-color:var(--accent)}:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
footer{color:var(--dim);font-size:13px;padding-top:24px;padding-bottom:36px}
@media (max-width:600px){body{font-size:14px}main,header>div,footer,nav{padding-left:12px;padding-right:12px}h1{font-size:24px}.tiles{grid-template-columns:1fr 1fr}.tiles dd{font-size:19px}.tick{font-size:17px}.stations text{font-size:34px}.cards{grid-template-columns:repeat(auto-fill,minmax(165px,1fr))}}
@media print{.tall{max-height:none}nav{display:none}.card,figure{break-inside:avoid}}
`;
