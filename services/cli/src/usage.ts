/** Of `starling`. What a look at the network finds is no fault of the look: a script can tell them apart. */
export const exitCodes = {
  done: 0,
  /** It could not be done: no cluster runs, the gateway does not answer. */
  impossible: 1,
  usage: 2,
  /** `status`: a node is suspect or failed. `verify`: the record was refused. */
  found: 3,
  /** `verify` found nothing wrong, but only against roots that the gateway itself gave. */
  unproven: 4,
} as const;

/** What a command line got wrong, in words for the one who typed it. Shown without a stack trace. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** Something outside of the command line is missing or refuses. */
export class CommandError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CommandError';
  }
}

export const usage = `starling: a local cluster, and a look at a network

  starling cluster [--nodes 10] [--ratio 0.3] [--port 8080] [--seed 1] [--sample-interval 1s]
                              starts a cluster on this machine, with the visualizer
  starling add                starts one more node
  starling kill <node>        kills a node without warning (kill -9)
  starling stop <node>        stops a node, which says farewell
  starling start <node>       starts a killed or stopped node again
  starling pause <node>       freezes a node; resume <node> lets it go on
  starling status [--from <node>] [--json]
                              the network as the visualizer's node sees it, or another
  starling verify <node> [--from <node>] [--trust <directory or PEM file>] [--cluster starling]
                              checks signature and credential of what a node said last, against these roots
  starling help

Commands but cluster act on the cluster that runs from this folder; status and verify take --url http://host:port of any gateway.
verify then needs --trust: otherwise the roots are those that the gateway gives.

Exit codes: 0 done; 1 it could not be done; 2 the command line is wrong; 3 status: a node is suspect or failed, verify: the record was refused;
4 verify: nothing is wrong, but the roots are those that the gateway gave.`;
