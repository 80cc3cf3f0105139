/** Properties as Pulumi passes them: plain values, with the provider's own text among them. */
export type Properties = Readonly<Record<string, unknown>>;

/** What an input's problem is, as Pulumi shows it. */
export interface InputFailure {
  readonly property: string;
  readonly reason: string;
}

/** An id is the host name of a service, a slash and what it is called there: neither part has a slash. */
export function partsOf(id: string): { readonly hostName: string; readonly name: string } {
  const slash = id.indexOf("/");
  return { hostName: id.slice(0, slash), name: id.slice(slash + 1) };
}

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
