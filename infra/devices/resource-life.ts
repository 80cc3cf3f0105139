import type { InputFailure } from "./device-inputs.ts";

/** Properties as Pulumi passes them: plain values, with the provider's own text among them. */
export type Properties = Readonly<Record<string, unknown>>;

/** The life of a resource, operation by operation: what Pulumi calls, without Pulumi's types. */
export interface ResourceLife<State extends Properties = Properties> {
  check(olds: Properties, news: Properties): Promise<{ inputs: Properties; failures: InputFailure[] }>;
  diff(id: string, olds: Properties, news: Properties): Promise<{ changes: boolean; replaces: string[] }>;
  create(inputs: Properties): Promise<{ id: string; outs: State }>;
  /** No id: it is gone. */
  read(id: string, state: Properties): Promise<{ id: string; props: Properties; inputs?: Properties }>;
  update(id: string, olds: Properties, news: Properties): Promise<{ outs: State }>;
  delete(id: string, state: Properties): Promise<void>;
}
