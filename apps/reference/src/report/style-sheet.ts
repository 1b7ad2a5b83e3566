import { paletteDeclarations } from "./palette.ts";

const page = `
:root{color-scheme:light dark;--shade:color-mix(in srgb,var(--ink) 16%,transparent);${paletteDeclarations("light")}}
@media (prefers-color-scheme:dark){:root{${paletteDeclarations("dark")}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:16px}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1080px;margin:0 auto;padding:40px 24px 64px}
header p{margin:0}
a{color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.kicker{color:var(--muted);font-size:13px;letter-spacing:.02em}
h1{font-size:30px;line-height:1.2;margin:6px 0 6px;letter-spacing:-.015em;text-wrap:balance;overflow-wrap:anywhere}
.asks{color:var(--muted);font-size:17px;max-width:70ch;overflow-wrap:anywhere}
nav ul{display:flex;flex-wrap:wrap;gap:4px 18px;margin:18px 0 0;padding:0;list-style:none;font-size:14px}
nav a{text-decoration:none}nav a:hover{text-decoration:underline}
h2{font-size:20px;line-height:1.3;margin:0 0 6px;letter-spacing:-.01em}
h3{font-size:15.5px;margin:22px 0 6px}
.lead{margin:0 0 16px;max-width:84ch}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:22px 24px;margin-top:20px}
section>:last-child{margin-bottom:0}
section p{max-width:84ch;overflow-wrap:anywhere}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.simulated{display:inline-block;font-size:11px;font-weight:700;line-height:1.6;padding:0 8px;border-radius:99px;background:color-mix(in srgb,var(--warn) 18%,transparent);color:var(--warn);vertical-align:2px;letter-spacing:0}
.banner{margin:20px 0 0;border-radius:12px;padding:12px 18px;background:color-mix(in srgb,var(--warn) 14%,var(--card));color:var(--warn);font-weight:600}
`;

const verdict = `
.verdict{border-left:5px solid var(--other)}
.verdict.gain{border-left-color:var(--good)}
.verdict.loss{border-left-color:var(--bad)}
.verdict h2{font-size:22px;line-height:1.35;margin:0 0 8px;max-width:62ch;text-wrap:balance}
.verdict p{margin:4px 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:12px;margin:12px 0 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 18px;font-variant-numeric:tabular-nums}
.tile dt,.tile .detail{color:var(--muted);font-size:13px}
.tile dd{margin:0}
.tile .value{font-size:27px;font-weight:650;letter-spacing:-.02em;line-height:1.3}
.good,.tile .value.good{color:var(--good)}
.bad,.tile .value.bad{color:var(--bad)}
`;

const tables = `
.scroll{overflow-x:auto;position:relative;background:linear-gradient(to right,var(--card) 30%,transparent) 0 0/48px 100% local,linear-gradient(to left,var(--card) 30%,transparent) 100% 0/48px 100% local,linear-gradient(to right,var(--shade),transparent) 0 0/14px 100% scroll,linear-gradient(to left,var(--shade),transparent) 100% 0/14px 100% scroll;background-repeat:no-repeat}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--muted);font-size:13px;padding:0 0 10px}
caption span,.group span{display:block;position:sticky;left:0;max-width:min(84ch,calc(100vw - 64px))}
caption strong{color:var(--ink);font-weight:600}
th,td{text-align:right;padding:7px 10px;border-bottom:1px solid var(--line);vertical-align:top}
td{white-space:nowrap}
thead th{font-weight:600;color:var(--muted);font-size:12.5px;line-height:1.35;vertical-align:bottom;max-width:120px}
th small,td small{display:block;color:var(--muted);font-size:12px;font-weight:400}
th:first-child{text-align:left;padding-left:0}
th:last-child,td:last-child{padding-right:8px}
tbody th{font-weight:500;overflow-wrap:break-word;unicode-bidi:isolate}
tbody:last-child tr:last-child>*{border-bottom:0}
tr.group th{color:var(--muted);font-size:12.5px;font-weight:600;padding-top:18px}
tr.haps>*{background:color-mix(in srgb,var(--accent) 8%,transparent)}
tr.haps th{font-weight:700;box-shadow:inset 3px 0 0 var(--accent);padding-left:12px}
.methods tbody th{min-width:190px}
.methods thead th:first-child,.methods tbody th{max-width:300px}
.best{white-space:nowrap}
.mark{color:var(--accent);font-size:11px;margin-left:3px;vertical-align:1px}
td.same,td.text small{color:var(--muted)}
th.text{text-align:left}
td.text{text-align:left;white-space:normal;overflow-wrap:break-word;min-width:150px;max-width:300px}
td.text small{display:inline}
.shares thead th:nth-child(n+2){text-align:left}
.shares td{padding-top:9px}
.compact{width:auto;min-width:min(100%,420px)}
.compact th,.compact td{padding-right:28px}
.tag{display:inline-block;font-size:11px;font-weight:600;line-height:1.5;padding:0 7px;border-radius:99px;border:1px solid var(--line);color:var(--muted);margin-left:4px;vertical-align:1px}
.stack{display:flex;height:18px;border-radius:4px;overflow:hidden;min-width:200px;background:var(--line);-webkit-print-color-adjust:exact;print-color-adjust:exact}
.stack span{display:block;height:100%}
.stack span+span{border-left:1.5px solid var(--card)}
.heat th,.heat td{padding-left:6px;padding-right:6px}
.heat th:first-child{padding-left:0}
.heat th.arm{text-align:center;min-width:66px;overflow-wrap:break-word}
.heat tbody th{min-width:100px;max-width:240px}
.heat td.cell{text-align:center;border:2px solid var(--card);border-radius:6px;-webkit-print-color-adjust:exact;print-color-adjust:exact}
.heat td.best{box-shadow:inset 0 0 0 2px var(--ink);font-weight:650}
`;

const rest = `
figure{margin:0 0 18px}
figure svg{display:block;width:100%;height:auto}
figcaption{color:var(--muted);font-size:13px;margin-top:4px;max-width:90ch}
.narrow{display:none;max-width:520px}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 10px;padding:0;list-style:none;font-size:13px}
.legend li{overflow-wrap:anywhere}
.legend i{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:7px;vertical-align:-1px;-webkit-print-color-adjust:exact;print-color-adjust:exact}
.legend small{color:var(--muted);font-size:12px}
.legend.arms b{display:inline-block;min-width:18px}
.sample{width:34px;height:12px;margin-right:7px;vertical-align:-1px;fill:none}
details{margin-top:14px}
summary{cursor:pointer;color:var(--accent);font-size:14px;margin-bottom:10px}
.warnings{margin:8px 0 0;padding:0;list-style:none}
.warnings li{padding:8px 14px;border-left:3px solid var(--warn);background:color-mix(in srgb,var(--warn) 8%,transparent);margin-top:8px;border-radius:0 8px 8px 0;overflow-wrap:anywhere}
dl.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:4px 20px;margin:12px 0 0;font-size:14px}
.facts dt{color:var(--muted)}
.facts dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
code{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:color-mix(in srgb,var(--line) 55%,transparent);padding:1px 5px;border-radius:5px}
pre{margin:6px 0 10px;padding:12px 14px;border-radius:8px;background:color-mix(in srgb,var(--line) 45%,transparent)}
.option{white-space:nowrap}
pre code{background:none;padding:0;white-space:pre-wrap;overflow-wrap:anywhere}
@media (max-width:760px){.wide{display:none}.narrow{display:block}}
@media (max-width:640px){main{padding:24px 14px 40px}section{padding:18px 16px}h1{font-size:25px}.verdict h2{font-size:19px}.tiles{grid-template-columns:1fr 1fr}.tile{padding:12px 14px}.tile .value{font-size:22px}tbody th[scope=row]{position:sticky;left:0;z-index:1;background:var(--card);max-width:130px}tr.haps th[scope=row]{background:color-mix(in srgb,var(--accent) 8%,var(--card))}.methods tbody th{min-width:120px}.compact th,.compact td{padding-right:12px}.stack{min-width:110px}td.text{min-width:100px}dl.facts{grid-template-columns:minmax(0,1fr)}.facts dd{margin-bottom:8px}}
`;

/** After everything else, so that it wins: dark ink costs nothing on screens and everything on paper. */
const print = `
@media print{
:root{color-scheme:light;${paletteDeclarations("light")};--page:#fff}
@page{margin:14mm}
body{font-size:10pt}main{max-width:none;padding:0}nav,details:not([open]){display:none}
.tiles{grid-template-columns:repeat(4,1fr)}.tile{padding:8px 10px}.tile .value{font-size:16pt}.tile dt,.tile .detail,figcaption,caption,.legend{font-size:8.5pt}
section{padding:12px 0;border-width:1px 0 0;border-radius:0}
.verdict{padding-left:14px;border-left-width:5px}
figure,tr,.tile,.warnings li{break-inside:avoid}h2,h3,caption{break-after:avoid}
.scroll{overflow:visible}table,thead th,tr.group th{font-size:7.5pt}th,td,.heat th,.heat td{padding:3px 4px}td small,th small{font-size:6.5pt}
.scroll{background:none}.methods tbody th,.heat tbody th,.heat th.arm,.compact{min-width:0}.methods tbody th{max-width:150px}.heat th.arm{max-width:52px;overflow-wrap:anywhere}.stack{min-width:120px}
.wide{display:block}.narrow{display:none}
}
`;

/** The whole style of the report; nothing is fetched. */
export const styleSheet: string = page + verdict + tables + rest + print;
