/**
 * The style of dashboard and report. Light and dark by what the reader's system says; texts on their ground contrast by
 * 4.5 to 1 and more; every line has a dash of its own, every band a hatching, beside its colour.
 */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1f2328; --soft: #59636e; --faint: #d1d9e0; --card: #f6f8fa; --link: #0550ae;
  --reach: #59636e; --contact: #6639ba; --ok: #1a7f37; --bad: #b3261e; --against: #b3261e; --proof: #0550ae; --warn: #7d4e00; }
@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3; --soft: #9198a1; --faint: #3d444d; --card: #151b23; --link: #79c0ff;
  --reach: #9198a1; --contact: #d2a8ff; --ok: #56d364; --bad: #ff938a; --against: #ff938a; --proof: #79c0ff; --warn: #e3b341; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main, body > header, body > footer { max-width: 76rem; margin: 0 auto; padding: .5rem 1rem; }
h1 { font-size: 1.4rem; margin: .5rem 0; } h2 { font-size: 1.3rem; border-bottom: 1px solid var(--faint); padding-bottom: .2rem; margin: 1.5rem 0 .5rem; }
h3 { font-size: 1.1rem; margin: 1.2rem 0 .3rem; } h4 { font-size: 1rem; margin: 1rem 0 .2rem; }
p, ul { margin: .3rem 0; } ul { padding-left: 1.3rem; }
a { color: var(--link); } code { font-size: .88em; background: var(--card); padding: .1em .3em; border-radius: 3px; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .3rem .6rem; z-index: 1; }
.lead { font-size: 1.06rem; } .soft { color: var(--soft); } .warn { color: var(--warn); font-weight: 600; }
.rollout, .next, .actions, .notice { border: 1px solid var(--faint); border-radius: 8px; padding: .2rem 1rem 1rem; margin: .8rem 0; }
.next, .notice { background: var(--card); padding-bottom: .5rem; } .actions { padding: .6rem 1rem; } .notice { padding-top: .3rem; }
.state { font-size: .85rem; font-weight: 600; border: 1.5px solid currentColor; border-radius: 99px; padding: .05rem .6rem; margin-left: .3rem; white-space: nowrap; }
.state.good { color: var(--ok); } .state.bad { color: var(--bad); } .state.open { color: var(--proof); }
.scroll { overflow-x: auto; margin: .5rem 0; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .93rem; overflow-wrap: normal; }
caption { text-align: left; color: var(--soft); font-size: .88rem; padding: .1rem 0; }
th, td { white-space: nowrap; border: 1px solid var(--faint); padding: .2rem .6rem; text-align: left; vertical-align: top; } thead th { background: var(--card); } th[scope=row] { font-weight: 600; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: .8rem 1.2rem; margin: .5rem 0; }
.panel { margin: 0; max-width: 28rem; } figcaption { font-weight: 600; font-size: .95rem; } .panel > svg { width: 100%; height: auto; display: block; }
svg text { font: 13px system-ui, sans-serif; fill: var(--ink); } svg text.axis { fill: var(--soft); font-size: 12.5px; } svg text.level { font-weight: 600; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.grid { stroke: var(--faint); stroke-width: .7; } .base, .tick { stroke: var(--soft); } .mark { stroke: var(--soft); stroke-dasharray: 1 3; fill: none; } path.level { stroke: var(--ink); stroke-dasharray: 7 3 1 3; }
.line { fill: none; stroke-width: 2.2; stroke-linejoin: round; } .band { stroke-width: .8; }
.line.contact { stroke: var(--contact); stroke-dasharray: 2 3; } .line.ok { stroke: var(--ok); } .line.bad { stroke: var(--bad); stroke-dasharray: 6 2; }
.line.against { stroke: var(--against); } .line.proof { stroke: var(--proof); stroke-dasharray: 8 3; } circle.against, circle.bad { fill: var(--bad); }
.band.reach { fill: url(#hatch-reach); stroke: var(--reach); } .band.ok { fill: url(#hatch-ok); } .band.bad { fill: url(#hatch-bad); }
.band.against { fill: url(#hatch-against); stroke: var(--against); } .band.proof { fill: url(#hatch-proof); stroke: var(--proof); }
.hatch { stroke-width: 1.4; } .hatch.reach { stroke: var(--reach); stroke-width: .7; } .hatch.ok { stroke: var(--ok); } .hatch.bad, .hatch.against { stroke: var(--against); } .hatch.proof { stroke: var(--proof); }
.defs { position: absolute; width: 0; height: 0; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem .9rem; font-size: .85rem; margin: .1rem 0 0; } .legend svg { width: 28px; height: 12px; vertical-align: middle; }
details { margin: .5rem 0; } summary { cursor: pointer; padding: .15rem 0; font-weight: 600; }
.chain { list-style: none; padding: 0; margin: .5rem 0; } .chain > li { border-left: 3px solid var(--faint); padding: .1rem 0 .1rem .8rem; margin: .6rem 0; } .chain p { margin: .05rem 0; }
li.broken { border-left-color: var(--bad) !important; } .verdict { font-weight: 600; } .verdict.good { color: var(--ok); } .verdict.bad { color: var(--bad); }
button, input { font: inherit; color: inherit; background: var(--paper); border: 1.5px solid var(--soft); border-radius: 6px; padding: .35rem .9rem; min-height: 2.6rem; } button { cursor: pointer; } input { width: 100%; }
dialog { color: inherit; background: var(--paper); border: 1px solid var(--soft); border-radius: 8px; max-width: min(32rem, calc(100vw - 2rem)); } dialog::backdrop { background: #0008; } .buttons { margin-top: .8rem; }
@media (max-width: 30rem) { main, body > header, body > footer { padding: .3rem .6rem; } .rollout, .next, .actions, .notice { padding-left: .6rem; padding-right: .6rem; } }
@media print { :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --faint: #bbb; --card: #fff; --link: #000; --reach: #444; --contact: #6639ba; --ok: #1a7f37; --bad: #b3261e; --against: #b3261e; --proof: #0550ae; --warn: #000; }
  body { font-size: 10.5pt; } .actions, .skip, button { display: none; } .panel, .chain > li, tr { break-inside: avoid; } .rollout { border: 0; padding: 0; } .scroll { overflow: visible; } .panels { grid-template-columns: 1fr 1fr; } }
`;
