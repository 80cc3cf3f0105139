import { PolicyPack } from "@pulumi/policy";
import { accessRules } from "./access-rules.ts";
import { hubRules } from "./hub-rules.ts";
import { policyOf } from "./rule.ts";
import { storageRules } from "./storage-rules.ts";

new PolicyPack("wavegate", { policies: [...hubRules, ...storageRules, ...accessRules].map(policyOf) });
