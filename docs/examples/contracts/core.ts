// What of calweave a booking core uses. Replace it by your own code: the contract is about what that sends and reads.

export interface Calweave {
  url: string;
  key: string;
}

export interface When {
  date_time: string;
  time_zone: string;
}

export interface Booking {
  version: number;
  title: string;
  start: When;
  end: When;
  targets: { calendar_id: string }[];
}

/** Submits a version of a booking, and returns the token by which its progress can be asked for. Submitting the same version again is harmless. */
export async function book(calweave: Calweave, id: string, booking: Booking): Promise<string> {
  const answer = await fetch(`${calweave.url}/v1/bookings/${encodeURIComponent(id)}`, {
    method: "PUT",
    headers: { Authorization: `Bearer ${calweave.key}`, "Content-Type": "application/json" },
    body: JSON.stringify(booking),
    signal: AbortSignal.timeout(10_000),
  });
  const document = (await answer.json()) as { reservation_token: string; type: string; detail: string };
  if (!answer.ok) {
    throw new Error(`${answer.status} ${document.type}: ${document.detail}`);
  }
  return document.reservation_token;
}

export interface Moved {
  booking: string;
  calendar: string;
  start: string;
  /** Whether the booking waits for a decision: accept or revert. */
  undecided: boolean;
}

/** Reads the message booking.moved, whose signature has been verified. */
export function moved(message: unknown): Moved {
  const { type, data } = message as {
    type: string;
    data: { booking_id: string; diverged: boolean; target: { calendar_id: string }; event: { start: { date_time: string } } };
  };
  if (type !== "booking.moved") {
    throw new Error(`${type} is no booking.moved`);
  }
  return { booking: data.booking_id, calendar: data.target.calendar_id, start: data.event.start.date_time, undecided: data.diverged };
}
