// Answers on their way. Each is mirrored to sessionStorage before anything else happens, so a
// reload or a dead server costs none; the server knows them by key, so sending twice is harmless.

const EVENTS = 200; // the server's limits, with room for the rest of the request
const BYTES = 200_000;
const LAST_WORDS = 60_000; // browsers cap what a keepalive request may carry at 64 KiB
const FIRST_DELAY = 250;
const LAST_DELAY = 5_000;

/** A UUID; `crypto.randomUUID` exists on secure origins only, and a desk may be served over plain http. */
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** Takes a name for the life of this page; false if another tab has it. */
function claim(name) {
  const locks = navigator.locks;
  if (!locks) return Promise.resolve(true);
  return new Promise((settle) => {
    const take = (lock) => {
      settle(Boolean(lock));
      return lock && new Promise(() => {});
    };
    // After a reload the old page may let go a moment late: wait before calling it a twin.
    const wait = () => locks.request(name, { signal: AbortSignal.timeout(1_000) }, take).catch(() => settle(false));
    locks.request(name, { ifAvailable: true }, (lock) => (lock ? take(lock) : void wait())).catch(() => settle(true));
  });
}

export class Outbox {
  /**
   * `host` answers: ask(all) -> {held, release, want, epoch}, `all` telling whether every answer is
   * in this request; reply(body, rest); changed(); renew() for a new token; refused(fact).
   */
  constructor(place, host) {
    this.place = place;
    this.host = host;
    this.events = [];
    this.failures = 0;
    this.trouble = ""; // what to tell the reader while requests fail
    this.token = "";
    this.api = "";
    this.ready = false;
    this.busy = false;
    this.notBefore = 0;
    this.#restore();
    addEventListener("pagehide", () => this.#leave());
    addEventListener("online", () => this.now());
    addEventListener("beforeunload", (event) => {
      if (!this.events.length) return;
      event.preventDefault();
      event.returnValue = true; // older browsers
    });
  }

  /** Makes sure that no other tab speaks under this id (a duplicated tab copies sessionStorage). */
  async open() {
    if (!(await claim(`${this.place}/${this.client}`))) {
      this.events.forEach((event) => this.#erase(event)); // the other tab has them too
      Object.assign(this, { events: [], seq: 0, client: uuid() });
      await claim(`${this.place}/${this.client}`);
      this.#write("tab", { client: this.client, seq: 0 });
    }
    this.ready = true;
    this.host.changed();
    this.kick();
  }

  /** Adds an event and returns it with its key. */
  push(event) {
    const full = { key: uuid(), seq: this.seq + 1, ...event };
    this.seq += 1;
    this.events.push(full);
    this.#write(`e/${full.seq}`, full);
    this.#write("tab", { client: this.client, seq: this.seq });
    return full;
  }

  /** Sends at once, whatever the back-off. */
  now() {
    this.notBefore = 0;
    this.kick();
  }

  /** Sends what there is, unless a request is out already or the back-off runs. */
  kick() {
    if (!this.ready || this.busy || performance.now() < this.notBefore) return;
    const events = this.#first(BYTES);
    const rest = this.host.ask(events.length === this.events.length);
    if (events.length || rest.want || rest.held.length || rest.release.length) this.#send(events, rest);
  }

  /** GET {api}{path}, for the whole of a long text. */
  async get(path) {
    const answer = await fetch(this.api + path, { headers: { "X-Tiebreak-Token": this.token } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  async #send(events, rest) {
    this.busy = true;
    let reply = null;
    try {
      const answer = await this.#post({ events, ...rest, leaving: false }, { signal: AbortSignal.timeout(15_000) });
      if (answer.ok) reply = await answer.json();
      else await this.#explain(answer);
    } catch {
      this.trouble = "the desk's server does not answer";
    }
    this.busy = false;
    // A reply that moves nothing on must not be asked for again at full speed.
    if (!reply || (events.length && reply.acked < events[0].seq)) return this.#later();
    this.failures = 0;
    this.trouble = "";
    this.token = reply.token || this.token;
    for (const event of this.events) if (event.seq <= reply.acked) this.#erase(event);
    this.events = this.events.filter((event) => event.seq > reply.acked);
    this.host.reply(reply, rest);
    this.host.changed();
    this.kick();
  }

  #post(body, options) {
    return fetch(`${this.api}/sync`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Tiebreak-Token": this.token },
      body: JSON.stringify({ client: this.client, ...body }),
      ...options,
    });
  }

  async #explain(answer) {
    this.trouble = `the desk's server answered ${answer.status}`;
    if (answer.status === 401) {
      this.trouble = "the desk's token ran out, asking for another";
      this.host.renew();
    } else if (answer.status < 500) {
      const { fact, mend } = await answer.json().catch(() => ({}));
      if (fact) this.trouble = `${fact} ${mend || ""}`;
    }
  }

  #later() {
    const delay = Math.min(LAST_DELAY, FIRST_DELAY * 2 ** this.failures);
    this.failures += 1;
    this.notBefore = performance.now() + delay;
    setTimeout(() => this.kick(), delay + 1);
    this.host.changed();
  }

  /** Last words of the tab: what is unsaved, and that its records are free again. */
  #leave() {
    if (!this.ready) return;
    const { epoch } = this.host.ask(false);
    const body = { events: this.#first(LAST_WORDS), held: [], release: [], want: 0, epoch, leaving: true };
    this.#post(body, { keepalive: true }).catch(() => {});
  }

  /** As many of the oldest events as fit. */
  #first(bytes) {
    let room = bytes;
    const fits = (event) => (room -= new Blob([JSON.stringify(event)]).size) >= 0;
    const last = this.events.slice(0, EVENTS).findIndex((event) => !fits(event));
    return this.events.slice(0, last < 0 ? EVENTS : last);
  }

  #restore() {
    const read = (key) => {
      try {
        return JSON.parse(sessionStorage.getItem(key));
      } catch {
        return null; // storage is forbidden here, or somebody wrote into it
      }
    };
    const tab = read(`${this.place}/tab`);
    this.client = tab?.client ?? uuid();
    this.seq = tab?.seq ?? 0;
    for (let seq = this.seq; seq > 0; seq -= 1) {
      const event = read(`${this.place}/e/${seq}`);
      if (event) this.events.unshift(event);
    }
    this.#write("tab", { client: this.client, seq: this.seq });
  }

  #write(name, value) {
    try {
      sessionStorage.setItem(`${this.place}/${name}`, JSON.stringify(value));
    } catch {
      this.host.refused("This browser keeps no copy of unsaved answers: do not close the tab while some are unsaved.");
    }
  }

  #erase(event) {
    try {
      sessionStorage.removeItem(`${this.place}/e/${event.seq}`);
    } catch {
      // nothing was kept, see #write
    }
  }
}
