import { WavegateError } from "../model/problem.ts";
import type { Answer, Question } from "../model/question.ts";
import type { HubPort, ImagePort } from "./ports.ts";

/** Find one thing out. Trouble is an answer too, and never a zero. */
export async function answer(
  question: Question,
  ports: { readonly hub: HubPort; readonly images: ImagePort },
): Promise<Answer> {
  try {
    switch (question.kind) {
      case "count":
        return { kind: "count", byStratum: await ports.hub.count(question.query) };
      case "devices":
        return { kind: "devices", ids: await ports.hub.deviceIds(question.query, question.most) };
      case "image":
        return { kind: "image", image: await ports.images.describe(question.path) };
    }
  } catch (error) {
    if (error instanceof WavegateError) return { kind: "failed", reason: `${error.code}: ${error.message}` };
    throw error;
  }
}
