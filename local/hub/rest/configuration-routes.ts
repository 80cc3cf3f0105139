import { configurationDocument, configurationEtag, type Configuration } from "../configuration.ts";
import type { ConfigurationStore } from "../configuration-store.ts";
import type { ConfigurationOptions } from "../configuration-options.ts";
import { parseConfiguration } from "../configuration-terms.ts";
import type { QueryOptions } from "../query/query-options.ts";
import { ACCESS } from "./route-access.ts";
import { parseCount, type Route, type ServiceReply } from "./service-call.ts";

const MAX_LISTED = 1000;

/** Automatic device configurations: create, update, get, list, delete [facts 1.4]. */
export function configurationRoutes(
  configurations: ConfigurationStore,
  { countGets, ...options }: QueryOptions & ConfigurationOptions & { readonly countGets: boolean },
): readonly Route[] {
  const operation = { counted: "configurations", throttled: "configurations" } as const;
  const one = { ...operation, path: "/configurations/:id" } as const;
  return [
    {
      ...operation,
      method: "GET",
      path: "/configurations",
      access: ACCESS.readConfigurations,
      answer: ({ option }) => {
        const top = parseCount(option("top"), { name: "top", limit: MAX_LISTED });
        const listed = configurations.all().slice(0, top);
        return { status: 200, body: listed.map((one) => configurationDocument(one, options)) };
      },
    },
    // The throttle's documentation names create, update, list and delete only [facts 1.9, G].
    {
      ...one,
      throttled: countGets ? one.throttled : undefined,
      method: "GET",
      access: ACCESS.readConfigurations,
      answer: ({ parameter }) => reply(configurations.get(parameter("id")), options),
    },
    {
      ...one,
      method: "PUT",
      access: ACCESS.writeConfigurations,
      answer: ({ parameter, ifMatch, body }) => {
        const written = parseConfiguration(parameter("id"), body, options);
        // An If-Match without quotes makes a create of an update, and a 409 of that [facts 1.4].
        return reply(
          ifMatch?.isQuoted === true
            ? configurations.update(written, ifMatch)
            : configurations.create(written),
          options,
        );
      },
    },
    {
      ...one,
      method: "DELETE",
      access: ACCESS.deleteConfigurations,
      answer: ({ parameter, ifMatch }) => {
        configurations.remove(parameter("id"), ifMatch);
        return { status: 204 };
      },
    },
  ];
}

function reply(configuration: Configuration, options: ConfigurationOptions): ServiceReply {
  return {
    status: 200,
    body: configurationDocument(configuration, options),
    headers: { ETag: `"${configurationEtag(configuration)}"` },
  };
}
