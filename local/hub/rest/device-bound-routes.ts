import type { Acknowledgement, MessageToDevice } from "../mailbox-message.ts";
import type { Mailbox } from "../mailbox.ts";
import type { DailyQuota } from "../quota.ts";
import { argumentInvalid } from "../service-error.ts";
import { ACCESS } from "./route-access.ts";
import type { Route, ServiceCall, ServiceReply } from "./service-call.ts";

const ACKNOWLEDGEMENTS: readonly Acknowledgement[] = ["none", "positive", "negative", "full"];

/** Messages to devices: send, and throw away what waits [IoT Hub REST: cloud-to-device messages]. */
export function deviceBoundRoutes(options: {
  readonly mailbox: Mailbox;
  readonly quota: DailyQuota;
}): readonly Route[] {
  const { mailbox, quota } = options;
  const send = (call: ServiceCall): ServiceReply => {
    quota.check();
    quota.charge(mailbox.enqueue(deviceIdIn(call.header("iothub-to")), messageOf(call)));
    return { status: 204 };
  };
  const route = {
    method: "POST",
    access: ACCESS.sendMessages,
    counted: "cloudToDevice",
    throttled: "cloudToDevice",
    takes: "bytes",
    answer: send,
  } as const;
  return [
    // Written both ways in the documentation.
    { ...route, path: "/messages/deviceBound" },
    { ...route, path: "/messages/devicebound" },
    {
      method: "DELETE",
      path: "/devices/:id/commands",
      access: ACCESS.purgeMessages,
      counted: "cloudToDevice",
      throttled: undefined,
      answer: ({ parameter }) => {
        const deviceId = parameter("id");
        const totalMessagesPurged = mailbox.purge(deviceId);
        return { status: 200, body: { deviceId, moduleId: null, totalMessagesPurged } };
      },
    },
  ];
}

/** `/devices/{id}/messages/deviceBound`, the id percent-encoded. */
function deviceIdIn(to = ""): string {
  const [, encoded] = /^\/?devices\/([^/]+)\/messages\/devicebound\/?$/iu.exec(to) ?? [];
  if (encoded === undefined)
    throw argumentInvalid(
      `The header iothub-to is ${JSON.stringify(to.slice(0, 200))}, /devices/{deviceId}/messages/deviceBound is needed`,
    );
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded; // an id may have a percent sign in it
  }
}

function messageOf({ header, headers, content }: ServiceCall): MessageToDevice {
  const wanted = header("iothub-ack");
  const ack = ACKNOWLEDGEMENTS.find((one) => one === wanted?.toLowerCase());
  if (wanted !== undefined && ack === undefined)
    throw argumentInvalid(
      `The header iothub-ack is ${JSON.stringify(wanted.slice(0, 40))}, one of ${ACKNOWLEDGEMENTS.join(", ")} is needed`,
    );
  const expiry = header("iothub-expiry");
  const expiresAt = expiry === undefined ? undefined : Date.parse(expiry);
  if (Number.isNaN(expiresAt))
    throw argumentInvalid(
      `The header iothub-expiry is ${JSON.stringify(expiry?.slice(0, 40))}, an instant such as 2026-01-01T00:00:00Z is needed`,
    );
  const prefix = "iothub-app-";
  return {
    body: content,
    messageId: header("iothub-messageid"),
    correlationId: header("iothub-correlationid"),
    userId: header("iothub-userid"),
    contentType: header("iothub-contenttype"),
    contentEncoding: header("iothub-contentencoding"),
    expiresAt,
    ack,
    properties: Object.fromEntries(
      headers()
        .filter(([name]) => name.toLowerCase().startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), value]),
    ),
  };
}
