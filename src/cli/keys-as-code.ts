import { type Command, defineCommand } from './command.ts'
import { choice, countOr, text, toggle } from './flags.ts'
import { applying, full, jsonInto, overrides, targets, usualReconciling } from './plan-flags.ts'
import { allowPath, config, connection, json, withoutFleet } from './shared-flags.ts'

const group = 'keys as code'

export const keysAsCode: readonly Command[] = [
  defineCommand({
    name: 'init',
    group,
    summary: 'Write a first configuration, a .gitignore and a CI file',
    about: [
      'It asks for the name of the stack and a first key. Where you are logged in it offers your projects, and keys to take over. It changes nothing on the platform.',
    ],
    flags: {
      stack: text('<name>', 'The name of the stack, such as acme-agents'),
      ci: choice('<host>', ['github', 'gitlab', 'none'], 'Write the CI file for this host too'),
      action: text('<reference>', 'Where you have the GitHub action: acme/fluxloop-keys@COMMIT'),
      ...connection,
    },
    examples: ['init', 'init --stack acme-agents', 'init --stack acme-agents --ci gitlab'],
    run: async ({ flags }, context) => {
      const { runInit } = await import('../commands/init-command.ts')
      return await runInit(flags, context)
    },
  }),
  defineCommand({
    name: 'validate',
    group,
    summary: 'Check the configuration, without network or credentials',
    flags: { config, json, allowPath },
    examples: ['validate', 'validate -c keys/ -c "teams/*.yaml"'],
    run: async ({ flags }, context) => {
      const { runValidate } = await import('../commands/validate-command.ts')
      return await runValidate(flags, context)
    },
  }),
  defineCommand({
    name: 'fmt',
    group,
    summary: 'Write the files of the configuration in one layout',
    about: ['Comments, quotes and the order of everything stay.'],
    flags: { config, check: toggle('Write nothing; exit with 1 where a file is in another layout') },
    examples: ['fmt', 'fmt --check', 'fmt -c keys/'],
    run: async ({ flags }, context) => {
      const { runFormat } = await import('../commands/fmt-command.ts')
      return await runFormat(flags, context)
    },
  }),
  defineCommand({
    name: 'plan',
    group,
    summary: 'Show what would change on the platform, and why',
    about: ['It changes nothing and runs no program: one list request for each 1,000 keys, and one whoami.'],
    flags: {
      config,
      json,
      jsonInto,
      out: text('<file>', 'Save the plan, for apply FILE; it holds no secret'),
      detailedExitcode: toggle('Exit with 2 where changes are pending'),
      format: text('<format>', 'text, json, or markdown: for a comment, within 65,536 characters'),
      showPersonal: toggle('Show addresses and user agents in Markdown too', { rare: true }),
      ...targets,
      drift: toggle('Show drift alone: what was changed on the platform since it was applied'),
      at: text('<moment>', 'Forecast: plan for a date (2027-01-01) or a period from now (+30d)'),
      full,
      stores: toggle('Show also for every key where its secret goes from here'),
      ttl: text('<period>', 'How long the saved plan may be applied (default 24h)'),
      ...connection,
      ...overrides,
    },
    examples: [
      'plan',
      'plan --out plan.json',
      "plan --only 'ci-*'",
      'plan --detailed-exitcode',
      'plan --at +30d',
      'plan --drift --detailed-exitcode',
      'plan --format markdown',
      'plan --api-url sandbox:demo.db',
    ],
    run: async ({ flags }, context) => {
      const { runPlan } = await import('../commands/plan-command.ts')
      return await runPlan({ ...flags, rotate: new Map(), breakGlass: null }, context)
    },
  }),
  defineCommand({
    name: 'apply',
    group,
    takes: '[plan]',
    summary: 'Apply the plan: create, update, rotate and revoke keys',
    about: ['Every new secret goes straight into its stores. A saved plan is its own approval.'],
    flags: {
      config,
      json,
      full,
      ...applying,
      ...targets,
      ttl: text('<period>', 'How long after it was made a plan file is taken (default 24h)'),
      heartbeat: text('<url>', 'Call this URL after each complete run (FLUXLOOP_KEYS_HEARTBEAT)'),
      ...connection,
      ...overrides,
    },
    examples: [
      'apply',
      'apply plan.json',
      'apply --auto-approve',
      "apply --only 'ci-*'",
      'apply --max-revoke 12',
      'apply --forbid widening',
      'apply --auto-approve --json-lines',
    ],
    run: async ({ flags, argument: planFile }, context) => {
      const [{ runApply }, { heartbeatOf }] = await Promise.all([
        import('../commands/apply-command.ts'),
        import('../commands/apply-heartbeat.ts'),
      ])
      const heartbeat = heartbeatOf(flags.heartbeat, context)
      return await runApply({ ...flags, planFile, heartbeat, rotate: new Map(), breakGlass: null }, context)
    },
  }),
  defineCommand({
    name: 'rotate',
    group,
    takes: '<key...>',
    summary: 'Rotate declared keys now, whatever their age',
    flags: {
      config,
      json,
      reason: text('<text>', 'Why, for the plan and the log'),
      now: toggle('The secret is leaked: no grace, the old key ends once its successor is delivered'),
      full,
      ...applying,
      ...connection,
      allowPath,
    },
    examples: ['rotate ci-pipeline', 'rotate ci-pipeline --now --reason "in a public log"'],
    run: async ({ flags, argument: keyIds }, context) => {
      const { runApply } = await import('../commands/apply-command.ts')
      const request = { note: flags.reason, leaked: flags.now }
      const rotate = new Map(keyIds.map(keyId => [keyId, request]))
      const targeted = { only: keyIds, except: [], forbid: [], allow: [] }
      return await runApply(
        { ...usualReconciling, ...flags, ...targeted, planFile: null, ttl: null, heartbeat: null, rotate },
        context,
      )
    },
  }),
  defineCommand({
    name: 'revoke',
    group,
    takes: '<key...>',
    summary: 'Revoke retiring keys now, before their grace is over',
    about: [
      'It takes key ids and ids of live keys. A key at work, one that is in use, and one whose successor is not delivered are refused.',
    ],
    flags: {
      config,
      json,
      autoApprove: applying.autoApprove,
      inUse: toggle('Also a key that is in use, or whose use nobody knows'),
      log: applying.log,
      lockTimeout: applying.lockTimeout,
      withoutFleet,
      ...connection,
      allowPath,
    },
    examples: ['revoke ci-pipeline', 'revoke key_abc123 --in-use'],
    run: async ({ flags, argument: keys }, context) => {
      const { runRevoke } = await import('../commands/revoke-command.ts')
      return await runRevoke({ ...flags, keys }, context)
    },
  }),
  defineCommand({
    name: 'list',
    group,
    summary: 'Show every key of the stack in one table',
    about: ['Key id, live key, state, age and its maximum, next event, stores, and last use.'],
    flags: { config, json, ...connection },
    examples: ['list', 'list --json'],
    run: async ({ flags }, context) => {
      const { runManagedList } = await import('../commands/list-command.ts')
      return await runManagedList(flags, context)
    },
  }),
  defineCommand({
    name: 'verify',
    group,
    takes: '[key...]',
    summary: 'Check that every stored secret is that of its key',
    about: [
      'It compares ends, and asks the platform with a secret only where that leaves doubt: each such request counts as a use of its key.',
    ],
    flags: {
      config,
      json,
      prove: toggle('Ask the platform with every secret'),
      yes: toggle('Do not ask before more than 100 requests'),
      ...connection,
      parallelism: countOr(10, '<n>', 'How many secrets to prove at once', { rare: true }),
    },
    examples: ['verify', 'verify ci-pipeline backup-service', 'verify --prove --json --yes'],
    run: async ({ flags, argument: keys }, context) => {
      const { runVerify } = await import('../commands/verify-command.ts')
      return await runVerify({ ...flags, keys }, context)
    },
  }),
  defineCommand({
    name: 'import',
    group,
    takes: '[pattern...]',
    summary: 'Write declarations of live keys, to be adopted',
    about: [
      'The first plan after it only adopts them. Patterns are ids or names of live keys; without any, import asks which to take.',
    ],
    flags: {
      config,
      all: toggle('Every unmanaged key, except the one that calls'),
      out: text('<file>', 'The file to add them to (default: the configuration)'),
      stack: text('<name>', 'The stack of a new configuration'),
      write: toggle('Do not ask before writing'),
      ...connection,
    },
    examples: [
      'import',
      'import --all --stack acme-agents',
      'import "CI *" key_abc123 --out keys/ci.yaml --write',
    ],
    run: async ({ flags, argument: patterns }, context) => {
      const { runImport } = await import('../commands/import-command.ts')
      return await runImport({ ...flags, patterns }, context)
    },
  }),
  defineCommand({
    name: 'calendar',
    group,
    summary: 'Show what rotates, retires and expires in the days to come',
    flags: { config, json, days: countOr(90, '<n>', 'How many days ahead, at most 366'), ...connection },
    examples: ['calendar', 'calendar --days 14', 'calendar --json'],
    run: async ({ flags }, context) => {
      const { runCalendar } = await import('../commands/calendar-command.ts')
      return await runCalendar(flags, context)
    },
  }),
  defineCommand({
    name: 'history',
    group,
    summary: 'Show what a log holds: what was done, why and by whom',
    flags: {
      log: text('<file>', 'The log to read (FLUXLOOP_KEYS_LOG)'),
      key: text('<key>', 'Only this key, by its key id or by the id of a live key'),
      since: text('<moment>', 'Only runs since a date (2027-01-01) or a period until now (30d)'),
      json,
    },
    examples: ['history --log keys.log', 'history --since 7d', 'history --key ci-pipeline --json'],
    run: async ({ flags }, context) => {
      const { runHistory } = await import('../commands/history-command.ts')
      return await runHistory(flags, context)
    },
  }),
]
