import type { EvaluationResult } from "../../evaluation/evaluation-result.ts";
import { formatDuration } from "../../terminal/format-number.ts";
import { facts } from "../facts.ts";
import { html, type MarkupValue } from "../markup.ts";
import { reproduceCommand } from "../reproduce-command.ts";
import { type Section, section } from "../section.ts";

/** Which program, configuration and data this is of, and how to get it again. */
export function provenanceSection(result: EvaluationResult): Section {
  const { provenance } = result;
  const { jobs, fitSeconds, workers } = provenance;
  const code = (text: string): MarkupValue => html`<code>${text}</code>`;
  const fits =
    jobs === 0
      ? "none this time: all kept from earlier"
      : `${jobs} this time, ${formatDuration(fitSeconds * 1000)} of computing in ${workers === 0 ? "one process" : workers === 1 ? "one worker" : `${workers} workers`}`;
  return section(result, {
    id: "provenance",
    name: "Provenance",
    title: "Where this comes from",
    body: [
      facts([
        ["commit", code(provenance.commit)],
        ["configuration", code(provenance.configHash)],
        ["data", code(provenance.dataHash)],
        ["backend", provenance.backend],
        [
          "versions",
          Object.entries(provenance.versions)
            .map(([name, version]) => `${name} ${version}`)
            .join(", "),
        ],
        ["started", time(provenance.started)],
        ["finished", time(provenance.finished)],
        ["fits", fits],
      ]),
      html`<h3>To get it again</h3>
<pre><code>${unbrokenOptions(reproduceCommand(result))}</code></pre>
<p class="lead">On the commit above, with the same data and backend, this gives the same figures.</p>
`,
    ],
  });
}

/** ISO 8601 as people read it; anything else as it is. */
function time(text: string): MarkupValue {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/.exec(text);
  return match === null ? text : html`<time datetime="${text}">${match[1]} ${match[2]} UTC</time>`;
}

/** Narrow pages would break after the dashes of an option. */
function unbrokenOptions(command: string): MarkupValue {
  return command
    .split(/(--[\w-]+)/)
    .map((part) => (part.startsWith("--") ? html`<span class="option">${part}</span>` : part));
}
