// When what was broken, and what may be missing because of it.

/** How long after Redis is back everything owed must have arrived, in ms. */
const RECOVERY = 6_000;

/** How long an event may be on its way while nothing is broken; generous, as the machine is busy. */
const TRANSIT = 3_000;

export class History {
  constructor() {
    this.disturbances = [];
    this.log = [];
  }

  /** Something begins that delays events; the function it returns tells its end. */
  disturb(what) {
    const disturbance = { from: performance.now(), until: Infinity };
    this.disturbances.push(disturbance);
    this.note(what);

    return () => {
      disturbance.until = performance.now();
      this.note(`${what}: over`);
    };
  }

  note(what) {
    this.log.push(`${(performance.now() / 1000).toFixed(1)} s: ${what}`);
  }

  /** By when an event accepted at this moment has reached everybody. */
  arrival(accepted) {
    let arrival = accepted + TRANSIT;
    for (const { from, until } of this.disturbances) {
      // One that begins before the event has arrived holds it up until it is over.
      if (from < arrival && until + RECOVERY > accepted) {
        arrival = Math.max(arrival, until + RECOVERY);
      }
    }

    return arrival;
  }

  /**
   * Whether the event may be missing at a server: that of its publisher was killed before it had arrived; or stopped, while
   * this one was cut off and could not ask it any more.
   */
  isExcused({ node, ended }, home) {
    const isMeanwhile = (moment) => moment >= ended - 1 && moment < this.arrival(ended);
    const wasCutOff = ({ from, until }) => from < ended + TRANSIT && until + RECOVERY > ended;

    return node.kills.some(isMeanwhile) || (home.splits.some(wasCutOff) && node.stops.some(isMeanwhile));
  }
}
