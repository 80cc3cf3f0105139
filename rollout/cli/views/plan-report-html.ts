import { marked } from "marked";
import type { Forecast } from "../../forecast/forecast.ts";
import { forecastSvg } from "./forecast-svg.ts";
import { planReport, type PlanReport } from "./plan-report.ts";

/** The same report as one page that opens from disk, light or dark, with the curve as a picture. */
export function planReportHtml(report: PlanReport): string {
  // Every text of the report is escaped where it is put in, so the markup in it is ours alone.
  const body = marked.parse(planReport(report, { picture: figure, longest: Infinity }), {
    async: false,
    breaks: true,
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>wavegate plan</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Plan</h1>
${scrollable(body.trim())}
</main>
</body>
</html>
`;
}

/** Tables scroll by themselves where they are too wide: by the keyboard too. */
function scrollable(body: string): string {
  return body.replaceAll("<table>", '<table tabindex="0">');
}

function figure(forecast: Forecast): string {
  return `<figure tabindex="0">\n${forecastSvg(forecast)}</figure>`;
}

const STYLE = `
:root { color-scheme: light dark; }
body { margin: 0; background: Canvas; color: CanvasText; font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { margin: 0; }
h2 { border-bottom: 1px solid #8886; padding-bottom: .3rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid #8886; padding: .25rem .6rem; text-align: left; white-space: nowrap; }
td:last-child { white-space: normal; min-width: 9rem; }
code { font-size: .9em; background: #8882; border-radius: 3px; padding: .1em .3em; }
details { border: 1px solid #8886; border-radius: 6px; margin: .5rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; }
svg { width: 100%; min-width: 34rem; height: auto; }
figure { overflow-x: auto; margin: 0; }
`;
