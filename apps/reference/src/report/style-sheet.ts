import { paletteDeclarations } from "./palette.ts";

/** The whole style of the report; nothing is fetched. */
export const styleSheet = `
:root{color-scheme:light dark;${paletteDeclarations("light")}}
@media (prefers-color-scheme:dark){:root{${paletteDeclarations("dark")}}}
@media print{:root{color-scheme:light;${paletteDeclarations("light")};--page:#fff}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1080px;margin:0 auto;padding:40px 24px 64px}
header p{margin:0}
.kicker{color:var(--muted);font-size:13px;letter-spacing:.02em}
h1{font-size:30px;line-height:1.2;margin:6px 0 6px;letter-spacing:-.015em;text-wrap:balance}
.asks{color:var(--muted);font-size:17px;max-width:70ch}
h2{font-size:19px;margin:0 0 4px;letter-spacing:-.01em}
h2 .simulated{margin-left:8px}
.lead{color:var(--muted);margin:0 0 16px;max-width:78ch}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:22px 24px;margin-top:20px}
.verdict{border-left:5px solid var(--other)}
.verdict.gain{border-left-color:var(--good)}
.verdict.loss{border-left-color:var(--bad)}
.verdict h2{font-size:21px;line-height:1.35;margin:0 0 8px;max-width:60ch}
.verdict p{margin:4px 0;max-width:86ch}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:12px;margin-top:20px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 18px}
.tile .label{color:var(--muted);font-size:13px}
.tile .value{font-size:27px;font-weight:650;letter-spacing:-.02em;font-variant-numeric:tabular-nums;line-height:1.3}
.tile .value.good{color:var(--good)}.tile .value.bad{color:var(--bad)}
.tile .detail{color:var(--muted);font-size:13px;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th{font-weight:600;color:var(--muted);text-align:right;padding:6px 10px;border-bottom:1px solid var(--line);font-size:12.5px;vertical-align:bottom}
td{text-align:right;padding:7px 10px;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0}
th:last-child,td:last-child{padding-right:0}
tr:last-child td{border-bottom:0}
td small,.detail small{display:block;color:var(--muted);font-size:12px}
tr.haps td{font-weight:600;background:color-mix(in srgb,var(--accent) 8%,transparent)}
tr.haps td:first-child{box-shadow:inset 3px 0 0 var(--accent);padding-left:10px}
tr.reference td{color:var(--muted)}
tr.divider td{border-top:2px solid var(--line)}
.good{color:var(--good)}.bad{color:var(--bad)}
.tag{display:inline-block;font-size:11px;font-weight:600;padding:0 7px;border-radius:99px;border:1px solid var(--line);color:var(--muted);margin-left:8px;vertical-align:1px}
.simulated{display:inline-block;font-size:11px;font-weight:700;padding:0 8px;border-radius:99px;background:color-mix(in srgb,var(--warn) 18%,transparent);color:var(--warn);vertical-align:2px}
.banner{margin-top:20px;border-radius:12px;padding:12px 18px;background:color-mix(in srgb,var(--warn) 14%,var(--card));color:var(--warn);font-weight:600}
figure{margin:0}
figure svg{display:block;width:100%;height:auto;max-width:100%}
figcaption{color:var(--muted);font-size:13px;margin-top:6px;max-width:86ch}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 12px;padding:0;list-style:none;font-size:13px}
.legend i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:7px;vertical-align:-1px}
.shares td{padding-top:5px;padding-bottom:5px}
.stack{display:flex;height:18px;border-radius:4px;overflow:hidden;min-width:260px;background:var(--line);-webkit-print-color-adjust:exact;print-color-adjust:exact}
.stack span{display:block;height:100%}
.stack span+span{border-left:1px solid var(--card)}
.heat td.cell{text-align:center;padding:6px 8px;border:2px solid var(--card);border-radius:6px;min-width:58px;-webkit-print-color-adjust:exact;print-color-adjust:exact}
.heat td.cell.best{box-shadow:inset 0 0 0 2px var(--ink)}
.heat th.arm{text-align:center;max-width:110px;overflow-wrap:anywhere;line-height:1.25}
.warnings{margin:8px 0 0;padding:0;list-style:none}
.warnings li{padding:8px 14px;border-left:3px solid var(--warn);background:color-mix(in srgb,var(--warn) 8%,transparent);margin-top:8px;border-radius:0 8px 8px 0;overflow-wrap:anywhere}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;margin:12px 0 0;font-size:14px}
dl.facts dt{color:var(--muted)}dl.facts dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
code{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:color-mix(in srgb,var(--line) 55%,transparent);padding:1px 5px;border-radius:5px}
footer{color:var(--muted);font-size:13px;margin-top:24px}
@media (max-width:640px){main{padding:24px 14px 40px}section{padding:18px 16px}h1{font-size:25px}}
@media print{body{font-size:11pt}main{max-width:none;padding:0}section,.tile{break-inside:avoid;border-color:#ccc}.scroll{overflow:visible}table{font-size:9pt}}
`;
