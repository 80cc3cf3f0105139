import * as monitor from "@pulumi/azure-native/monitor/index.js";
import * as pulumi from "@pulumi/pulumi";
import type { HubTier } from "../hub-tier.ts";
import type { IotHub } from "./iot-hub.ts";

/** What alerts watch, and whom they tell. */
export interface AlertsArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly hub: IotHub;
  readonly tier: HubTier;
  readonly units: number;
  /** Whom alerts write to; where there are none, they are shown in the portal alone. */
  readonly emails: readonly string[];
  /** Set where this stack runs the controller: its log says how each look ended. */
  readonly controllerLog: { readonly workspaceId: pulumi.Input<string>; readonly table: string } | undefined;
}

/** Messages a day and unit [IoT Hub quotas: messages per day]. */
const MESSAGES_A_DAY = { F1: 8_000, S1: 400_000, S2: 6_000_000, S3: 300_000_000 } as const satisfies Record<
  HubTier,
  number
>;

/** Share of the daily quota that is cause for alarm: what is left must still take a release back. */
const QUOTA_ALARM = 0.7;

/** Throttling, quota and, from the controller's log, failed devices and a controller that no longer looks. */
export class Alerts extends pulumi.ComponentResource {
  readonly #resourceGroupName: pulumi.Input<string>;
  readonly #actionGroups: pulumi.Output<string>[];

  constructor(name: string, args: AlertsArgs, options?: pulumi.ComponentResourceOptions) {
    super("wavegate:infra:Alerts", name, {}, options);
    const { resourceGroupName, hub, tier, units, emails, controllerLog } = args;
    this.#resourceGroupName = resourceGroupName;
    const group = new monitor.ActionGroup(
      name,
      {
        resourceGroupName,
        location: "global",
        groupShortName: "wavegate",
        enabled: true,
        emailReceivers: emails.map((emailAddress, index) => ({
          name: `person-${index + 1}`,
          emailAddress,
          useCommonAlertSchema: true,
        })),
      },
      { parent: this },
    );
    this.#actionGroups = [group.id];
    this.#onMetric("throttling", hub, {
      description: "The hub turned devices away because they sent faster than its tier takes.",
      metricName: "d2c.telemetry.ingress.sendThrottle",
      timeAggregation: "Total",
      threshold: 0,
    });
    this.#onMetric("quota", hub, {
      description: "The day's messages are nearly used up: at the end of them a rollback reaches nobody.",
      metricName: "dailyMessageQuotaUsed",
      // The metric is the day's count so far and has no total [IoT Hub monitoring reference: metrics].
      timeAggregation: "Maximum",
      threshold: Math.floor(MESSAGES_A_DAY[tier] * units * QUOTA_ALARM),
    });
    if (controllerLog !== undefined) {
      const { workspaceId, table } = controllerLog;
      // `infra/controller/look.mjs` writes one such line when a look ends; the exits are those of `wavegate --help`.
      const looks = `${table} | where ContainerName == "reconcile" | where Log has "wavegateLookEnded"`;
      const ended = `${looks} | extend exit = toint(parse_json(Log).exit)`;
      this.#onLog("failed-devices", workspaceId, {
        description: "A release was stopped or taken back because devices failed, or it waits for a person.",
        query: `${ended} | where exit in (3, 4)`,
        operator: "GreaterThan",
        severity: 1,
      });
      this.#onLog("dead-controller", workspaceId, {
        description: "No look ended in order within half an hour: nothing is promoted, and nothing stopped.",
        query: `${ended} | where exit in (0, 3, 4)`,
        operator: "LessThanOrEqual",
        severity: 1,
      });
    }
    this.registerOutputs({});
  }

  #onMetric(
    name: string,
    hub: IotHub,
    criterion: {
      readonly description: string;
      readonly metricName: string;
      readonly timeAggregation: "Total" | "Maximum";
      readonly threshold: number;
    },
  ): void {
    const { description, ...measured } = criterion;
    new monitor.MetricAlert(
      name,
      {
        resourceGroupName: this.#resourceGroupName,
        location: "global",
        description,
        scopes: [hub.id],
        severity: 2,
        enabled: true,
        evaluationFrequency: "PT5M",
        windowSize: "PT15M",
        criteria: {
          odataType: "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
          allOf: [{ criterionType: "StaticThresholdCriterion", name, operator: "GreaterThan", ...measured }],
        },
        actions: this.#actionGroups.map((actionGroupId) => ({ actionGroupId })),
      },
      { parent: this },
    );
  }

  #onLog(
    name: string,
    workspaceId: pulumi.Input<string>,
    rule: {
      readonly description: string;
      readonly query: string;
      readonly operator: "GreaterThan" | "LessThanOrEqual";
      readonly severity: number;
    },
  ): void {
    const { description, query, operator, severity } = rule;
    new monitor.ScheduledQueryRule(
      name,
      {
        resourceGroupName: this.#resourceGroupName,
        description,
        scopes: [workspaceId],
        severity,
        enabled: true,
        evaluationFrequency: "PT10M",
        windowSize: "PT30M",
        // The table comes into being with its first line; until then Azure would refuse the query.
        skipQueryValidation: true,
        criteria: {
          allOf: [
            {
              query,
              timeAggregation: "Count",
              operator,
              threshold: 0,
              failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 },
            },
          ],
        },
        actions: { actionGroups: this.#actionGroups },
      },
      { parent: this },
    );
  }
}
