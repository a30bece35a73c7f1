// Verifies the core's pacts against the calweave of `make run`: its API, and the messages that it has sent.
import { Verifier } from "@pact-foundation/pact";

function setting(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: while make run is up, source .run/dev.env`);
  }
  return value;
}

const url = setting("URL");
const key = setting("KEY");
const calendar = setting("CALENDAR");
const booking = `check-up-${Date.now()}`;

interface Outgoing {
  url: string;
  headers: Record<string, string | undefined>;
  body: unknown;
}

interface Page {
  messages: { type: string }[];
  next_cursor: string;
}

/** The newest message of a type, as calweave has sent it. */
async function newest(type: string): Promise<unknown> {
  let found: unknown;
  let after = "";
  for (;;) {
    const answer = await fetch(`${url}/v1/messages?limit=100${after}`, { headers: { Authorization: `Bearer ${key}` }, signal: AbortSignal.timeout(10_000) });
    const page = (await answer.json()) as Page;
    if (!answer.ok || page.messages.length === 0) {
      break;
    }
    found = page.messages.findLast((message) => message.type === type) ?? found;
    after = `&after=${encodeURIComponent(page.next_cursor)}`;
  }
  if (found === undefined) {
    throw new Error(`calweave has sent no ${type} yet`);
  }
  return found;
}

await new Verifier({
  provider: "calweave-api",
  providerBaseUrl: url,
  pactUrls: ["pacts/my-core-calweave-api.json"],
  logLevel: "warn",
  stateHandlers: { "a calendar": async () => {} }, // make run has connected it
  requestFilter: (request: Outgoing, _: unknown, next: () => void) => {
    request.url = request.url.replace("check-up-7", booking);
    request.headers["authorization"] = `Bearer ${key}`;
    const body = JSON.stringify(request.body).replaceAll("cal_01", calendar);
    request.body = JSON.parse(body);
    request.headers["content-length"] = String(Buffer.byteLength(body));
    next();
  },
}).verifyProvider();

await new Verifier({
  provider: "calweave-messages",
  pactUrls: ["pacts/my-core-calweave-messages.json"],
  logLevel: "warn",
  stateHandlers: { "a booking that a person has moved": async () => {} }, // the tour of make run does so
  messageProviders: { "the message booking.moved": () => newest("booking.moved") },
}).verifyProvider();
