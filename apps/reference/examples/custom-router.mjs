// A router of one's own: `haps evaluate prompt-routing --router ./custom-router.mjs` compares it with HAPS and the others.
//
// It cuts questions into short, middling and long ones and remembers how every arm did on each. A module needs one
// default export: a function that learns from `context.training` and returns an object that routes.
import { decideByScores, HapsError, legalArms } from "@haps/spec";

/** Rows' worth of an arm's overall mean that is mixed into its mean on one length, so that few rows do not decide. */
const PRIOR_ROWS = 20;

/** @type {import("@haps/spec").CreateRouter} */
export default function createRouter({ training, pool, signal }) {
  signal?.throwIfAborted();
  const id = "by-length";
  const lengths = training.rows.map((row) => row.question.text.length).sort((a, b) => a - b);
  const borders = [lengths[Math.floor(lengths.length / 3)], lengths[Math.floor((2 * lengths.length) / 3)]];
  const lengthClass = (text) => borders.filter((border) => text.length >= border).length;

  const arms = training.arms.length;
  const quality = classMeans(training.score, training, lengthClass);
  const cost = training.cost === undefined ? undefined : classMeans(training.cost, training, lengthClass);
  const highestCost = Math.max(...(cost ?? [[1]]).flat().filter((value) => value > 0), Number.MIN_VALUE);

  let disposed = false;
  return {
    contractVersion: 1,
    id,
    async route(requests, options) {
      options?.signal?.throwIfAborted();
      if (disposed) throw new HapsError("disposed", `${id}: route after dispose; make a new router`);
      return requests.map((request) => {
        const legal = legalArms(request, pool, training.arms);
        const found = lengthClass(request.question.text);
        const reward = (arm) =>
          quality[found][arm] - ((request.costWeight ?? 0) * (cost?.[found][arm] ?? 0)) / highestCost;
        return decideByScores({
          request,
          arms: training.arms,
          scores: Array.from({ length: arms }, (_, arm) => (legal[arm] ? reward(arm) : Number.NaN)),
          temperature: 0.1,
          router: { id },
          reason: `It has the best record on ${["short", "middling", "long"][found]} questions.`,
        });
      });
    },
    dispose() {
      disposed = true;
    },
  };
}

/** `[3 length classes][arms]`: means over the cells that were run; an empty cell (NaN) is "not run", not "wrong". */
function classMeans(cells, { rows, arms }, lengthClass) {
  const mean = (wanted, arm, prior) => {
    const values = rows.flatMap((row, index) => {
      const value = cells[index * arms.length + arm];
      return wanted(row) && !Number.isNaN(value) ? [value] : [];
    });
    const sum = values.reduce((total, value) => total + value, 0);
    return (sum + PRIOR_ROWS * prior) / (values.length + PRIOR_ROWS);
  };
  const overall = arms.map((_, arm) => mean(() => true, arm, 0));
  return [0, 1, 2].map((length) =>
    arms.map((_, arm) => mean((row) => lengthClass(row.question.text) === length, arm, overall[arm])),
  );
}
