import type iothub from "azure-iothub";

/** The status and the error name of a refused call, as the service sent them. */
export async function refusal(
  call: Promise<unknown>,
): Promise<{ status: number; code: string; kind: string; message: string }> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // The SDK hangs the response on its errors without declaring it.
    const { response } = error as Error & {
      response?: { statusCode: number; headers: Record<string, string | undefined> };
    };
    if (response === undefined) throw error;
    return {
      status: response.statusCode,
      code: response.headers["iothub-errorcode"] ?? "",
      kind: error.constructor.name,
      message: error.message,
    };
  }
  throw new Error("The call was not refused");
}

/** The configuration that the service answered; the SDK types the answer as any. */
export async function stored(call: Promise<{ responseBody: unknown }>): Promise<iothub.Configuration> {
  return (await call).responseBody as iothub.Configuration;
}

/** A section of a twin without what the hub adds to it. */
export function valuesOf(section: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(section).filter(([name]) => !name.startsWith("$")));
}
