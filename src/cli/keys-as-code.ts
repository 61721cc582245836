import {
  type Command,
  allowPathFlag,
  allowUnmaskedFlag,
  configurationFlag,
  connecting,
  connectionFlags,
  jsonFlag,
  logFlag,
} from './command.ts'
import type { Flag, Flags } from './flags.ts'

const planning: readonly Flag[] = [
  {
    name: 'only',
    value: '<key>',
    text: 'Only keys with this key id, or that fit this pattern (* and ?); may be given several times',
  },
  { name: 'except', value: '<key>', text: 'All keys but these; like --only' },
  {
    name: 'max-revoke',
    value: '<n>',
    text: 'Allow so many revocations in this run; above the limit they are held back',
  },
  {
    name: 'max-rotate',
    value: '<n>',
    text: 'Allow so many rotations for age in this run; above the limit they are deferred',
  },
  {
    name: 'revoke-in-use',
    value: '<key>',
    text: 'Let this key be revoked although it is in use; may be given several times',
  },
  {
    name: 'forbid',
    value: '<what>',
    text: 'Refuse a plan that does this: widening (grants more than a key has)',
  },
  { name: 'allow', value: '<what>', text: 'Allow in this run what the policy forbids: widening' },
  { name: 'take-over', text: 'Move keys here whose local stores are on another host or in another folder' },
  allowPathFlag,
]

const applying: readonly Flag[] = [
  { name: 'auto-approve', text: 'Do not ask for approval' },
  { name: 'parallelism', value: '<n>', text: 'How many changes to work on at once (10)' },
  {
    name: 'lock-timeout',
    value: '<period>',
    text: 'How long to wait for another run on this machine that writes this stack: 30s, 10m (0s)',
  },
  allowUnmaskedFlag,
  logFlag,
]

function executing(flags: Flags) {
  return {
    autoApprove: flags.on('auto-approve'),
    parallelism: flags.count('parallelism') ?? 10,
    lockTimeout: flags.text('lock-timeout'),
    allowUnmasked: flags.on('allow-unmasked'),
    log: flags.text('log'),
  }
}

function reconciling(flags: Flags) {
  return {
    config: flags.list('config'),
    json: flags.on('json'),
    ...connecting(flags),
    maxRevoke: flags.count('max-revoke'),
    maxRotate: flags.count('max-rotate'),
    revokeInUse: flags.list('revoke-in-use'),
    takeOver: flags.on('take-over'),
    rotate: new Map(),
    only: flags.list('only'),
    except: flags.list('except'),
    forbid: flags.list('forbid'),
    allow: flags.list('allow'),
    allowPath: flags.list('allow-path'),
  }
}

export const keysAsCode: readonly Command[] = [
  {
    name: 'validate',
    text: 'Check the configuration; needs no network and no credentials',
    flags: [configurationFlag, jsonFlag, allowPathFlag],
    examples: ['validate', 'validate -c keys/ -c "teams/*.yaml"'],
    run: async (flags, context) => {
      const { runValidate } = await import('../commands/validate.ts')
      return await runValidate(
        { config: flags.list('config'), json: flags.on('json'), allowPath: flags.list('allow-path') },
        context,
      )
    },
  },
  {
    name: 'plan',
    text: 'Show what would change on the platform, and why',
    flags: [
      configurationFlag,
      jsonFlag,
      { name: 'detailed-exitcode', text: 'Exit with 2 where changes are pending' },
      {
        name: 'at',
        value: '<moment>',
        text: 'Forecast: plan for a date (2027-01-01) or a period from now (+30d)',
      },
      { name: 'drift', text: 'Show drift alone: what was changed on the platform since it was applied' },
      { name: 'stores', text: 'Show also for every key where its secret goes from here' },
      { name: 'out', value: '<file>', text: 'Save the plan, for apply <file>; it holds no secret' },
      { name: 'ttl', value: '<period>', text: 'How long the saved plan may be applied (24h)' },
      ...planning,
      ...connectionFlags,
    ],
    examples: [
      'plan',
      'plan --json',
      "plan --only 'ci-*'",
      'plan --detailed-exitcode',
      'plan --out plan.json',
      'plan --at +30d',
      'plan --drift --detailed-exitcode',
      'plan --api-url sandbox:demo.db',
    ],
    run: async (flags, context) => {
      const { runPlan } = await import('../commands/plan.ts')
      return await runPlan(
        {
          ...reconciling(flags),
          detailedExitcode: flags.on('detailed-exitcode'),
          at: flags.text('at'),
          drift: flags.on('drift'),
          stores: flags.on('stores'),
          out: flags.text('out'),
          ttl: flags.text('ttl'),
        },
        context,
      )
    },
  },
  {
    name: 'apply',
    takes: '[plan]',
    text: 'Apply the plan: create, update, rotate and revoke, and put every new secret into its stores',
    flags: [
      configurationFlag,
      jsonFlag,
      {
        name: 'ttl',
        value: '<period>',
        text: 'How long after it was made a plan file is taken (24h), or less where it says so',
      },
      ...applying,
      ...planning,
      ...connectionFlags,
    ],
    examples: [
      'apply',
      'apply plan.json',
      "apply plan.json --only 'ci-*'",
      'apply --auto-approve',
      'apply --max-revoke 12',
      'apply --forbid widening',
    ],
    run: async (flags, context) => {
      const { runApply } = await import('../commands/apply.ts')
      return await runApply(
        {
          ...reconciling(flags),
          planFile: flags.words[0] ?? null,
          ttl: flags.text('ttl'),
          ...executing(flags),
        },
        context,
      )
    },
  },
  {
    name: 'rotate',
    takes: '<key...>',
    text: 'Rotate declared keys now, whatever their age',
    flags: [
      configurationFlag,
      jsonFlag,
      {
        name: 'now',
        text: 'The secret is known to others: no grace, the old key goes once its successor is delivered',
      },
      { name: 'reason', value: '<text>', text: 'Why, for the plan and the log' },
      allowPathFlag,
      ...applying,
      ...connectionFlags,
    ],
    examples: ['rotate ci-pipeline', 'rotate ci-pipeline --now --reason "in a public log"'],
    run: async (flags, context) => {
      const { runApply } = await import('../commands/apply.ts')
      const request = { note: flags.text('reason'), leaked: flags.on('now') }
      const rotate = new Map(flags.words.map(keyId => [keyId, request]))
      return await runApply(
        { ...reconciling(flags), ...executing(flags), planFile: null, ttl: null, rotate, only: flags.words },
        context,
      )
    },
  },
  {
    name: 'unlock',
    text: 'Say whose the lock of the stack on this machine is, and remove it where that run is gone',
    flags: [
      configurationFlag,
      { name: 'force', text: 'Also a lock whose run cannot be seen from here; never that of a run at work' },
      { name: 'api-url', value: '<url>', text: 'The platform that the run writes to' },
      { name: 'staging', text: 'Use the staging platform' },
    ],
    examples: ['unlock', 'unlock --staging'],
    run: async (flags, context) => {
      const { runUnlock } = await import('../commands/unlock.ts')
      return await runUnlock(
        {
          config: flags.list('config'),
          apiUrl: flags.text('api-url'),
          staging: flags.on('staging'),
          force: flags.on('force'),
        },
        context,
      )
    },
  },
]
