import { play } from "./schedule/play.ts";
import { createTally } from "./schedule/tally.ts";
import { begin, finish } from "./world/process.ts";
import { controllerRun } from "./schedule/cast.ts";
import { endFaults, fork } from "./world/world.ts";
const s = JSON.parse(process.argv[2]!);
const { world: w0, merged } = await play(s, {
  hubs: 1,
  tally: createTally(),
  onBroken: (b, at) => console.log("BROKEN", b, at),
});
const world = fork(w0);
endFaults(world);
const show = () => {
  for (const h of world.hubs)
    for (const { document: d } of h.configurations.values())
      console.log(
        "  ",
        d.id,
        JSON.stringify(d.condition).slice(0, 150),
        d.priority,
        Object.entries(d.labels)
          .filter(([k]) => /hold|abort|head|doc|adopted/.test(k))
          .map(([k, v]) => `${k}=${v.slice(0, 24)}`)
          .join(" "),
      );
};
show();
for (let i = 0; i < 4; i++) {
  let r: any;
  const p = await begin(world, async (ports) => {
    r = await controllerRun("ci", merged)(ports);
    return r;
  });
  await finish(p);
  console.log(
    "run",
    i,
    p.failure ?? "",
    r?.steps.map((x: any) => x.why ?? x.record?.kind ?? x.kind),
    r?.status?.text,
    r?.problems,
  );
}
show();
console.log(world.oracle.broken, world.oracle.atRest());
