import type { FleetPackage } from '../commands/fleet/fleet-package.ts'
import { type Command, defineCommand } from './command.ts'
import { countOr, text, toggle } from './flags.ts'
import { json } from './shared-flags.ts'

const group = 'many stacks'

/** Loaded by the commands that need it, and by no other. */
async function load(): Promise<FleetPackage> {
  const { loadFleetPackage } = await import('../commands/fleet/load-fleet.ts')
  return await loadFleetPackage()
}

const needs =
  'It needs the package fluxloop-keys-fleet, next to this one, and the URL of a PostgreSQL in FLUXLOOP_KEYS_DATABASE_URL.'

export const manyStacks: readonly Command[] = [
  defineCommand({
    name: 'fleet run',
    group,
    summary: 'Plan and apply many stacks, as one of several replicas',
    about: [
      'It works on the stacks of a fleet file, each in its interval, until it is stopped. Start as many replicas as you like: a lease in the database keeps two of them apart.',
      'On SIGTERM or Ctrl-C it begins nothing new, finishes what is in flight within 30 seconds, and ends.',
      needs,
    ],
    flags: {
      fleet: text('<file>', 'The fleet file (default fleet.yaml)'),
      listen: text('<host:port>', 'Serve /healthz, /readyz and /metrics here (default: not at all)'),
      parallelism: countOr(4, '<n>', 'How many stacks to work on at once'),
      once: toggle('Work on what is due now, once, and end'),
    },
    examples: ['fleet run', 'fleet run --fleet /etc/fluxloop/fleet.yaml --listen 0.0.0.0:9464'],
    run: async ({ flags }, context) => {
      const fleet = await load()
      return await fleet.runFleet({ ...flags, fleet: flags.fleet ?? 'fleet.yaml' }, context)
    },
  }),
  defineCommand({
    name: 'fleet status',
    group,
    summary: 'Show which stacks are in sync, have drifted or fail',
    about: ['It reads the database alone: no request to the platform.', needs],
    flags: { json },
    examples: ['fleet status', 'fleet status --json'],
    run: async ({ flags }, context) => {
      const fleet = await load()
      return await fleet.showFleetStatus({ ...flags, fleet: null }, context)
    },
  }),
  defineCommand({
    name: 'fleet migrate',
    group,
    summary: 'Bring the tables of the database to this version',
    about: [
      'It adds what this version needs, and is safe while replicas of the version before run. --contract also removes what only they use, once none of them is left.',
      needs,
    ],
    flags: {
      contract: toggle('Also remove what only older versions use: none of their replicas may run'),
      dryRun: toggle('Show what would be done, and change nothing'),
      json,
    },
    examples: ['fleet migrate', 'fleet migrate --dry-run', 'fleet migrate --contract'],
    run: async ({ flags }, context) => {
      const fleet = await load()
      return await fleet.migrateFleet(flags, context)
    },
  }),
]
