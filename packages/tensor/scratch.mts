function time(name: string, n: number, f: () => void) {
  for (let i = 0; i < 5; i++) f();
  const ts: number[] = [];
  for (let i = 0; i < n; i++) { const t = performance.now(); f(); ts.push(performance.now() - t); }
  ts.sort((a, b) => a - b);
  console.log(name.padEnd(44), ts[n >> 1]!.toFixed(3), "ms");
}
const R = 2048, C = 512;
const a = new Float32Array(R * C).map((_, i) => (i % 97) / 20 - 2), o = new Float32Array(R * C);
function tr(a: Float32Array, o: Float32Array, R: number, C: number) { for (let r = 0; r < R; r++) for (let c = 0; c < C; c++) o[c * R + r] = a[r * C + c]!; }
function trb(a: Float32Array, o: Float32Array, R: number, C: number, B: number) {
  for (let r0 = 0; r0 < R; r0 += B) { const r1 = Math.min(R, r0 + B);
    for (let c0 = 0; c0 < C; c0 += B) { const c1 = Math.min(C, c0 + B);
      for (let c = c0; c < c1; c++) for (let r = r0; r < r1; r++) o[c * R + r] = a[r * C + c]!; } } }
time("naive", 20, () => tr(a, o, R, C));
for (const B of [8, 16, 32, 64]) time("block" + B, 20, () => trb(a, o, R, C, B));
function colsum(a: Float32Array, C: number) { const s = new Float64Array(C); for (let st = 0; st < a.length; st += C) for (let c = 0; c < C; c++) s[c] = s[c]! + a[st + c]!; return s; }
time("colsum", 20, () => { colsum(a, C); });
const T = new Float64Array(400); for (let i = 0; i < 400; i++) T[i] = 2 ** (i - 200);
function fexp(x: number): number {
  const y = x * 1.4426950408889634; const n = Math.floor(y + 0.5); const f = (y - n) * 0.6931471805599453;
  return T[n + 200]! * (1 + f * (1 + f * (0.5 + f * (0.16666666666666666 + f * (0.041666666666666664 + f * (0.008333333333333333 + f * (0.001388888888888889 + f * 0.0001984126984126984)))))));
}
time("fexp", 20, () => { for (let i = 0; i < a.length; i++) o[i] = fexp(a[i]!); });
time("Math.exp", 20, () => { for (let i = 0; i < a.length; i++) o[i] = Math.exp(a[i]!); });
time("sigm f", 20, () => { for (let i = 0; i < a.length; i++) o[i] = 1 / (1 + fexp(-a[i]!)); });
let worst = 0; for (let x = -20; x < 20; x += 0.0007) worst = Math.max(worst, Math.abs(fexp(x) / Math.exp(x) - 1)); console.log(worst);
time("alloc4MB", 20, () => { new Float32Array(1 << 20); });
