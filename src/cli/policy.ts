import { type Command, configurationFlag, connecting, connectionFlags, jsonFlag } from './command.ts'

export const policy: readonly Command[] = [
  {
    name: 'audit',
    text: 'Hold the configuration, live keys and their use against rules and the policy',
    flags: [
      configurationFlag,
      { name: 'offline', text: 'Look at the configuration alone: no request, no credentials' },
      {
        name: 'format',
        value: '<text|json|sarif|junit|markdown|csv>',
        text: 'What to print (text)',
      },
      jsonFlag,
      {
        name: 'fail-on',
        value: '<severity>',
        text: 'Exit with 6 at this severity or above (as the policy says, or high)',
      },
      { name: 'window', value: '<period>', text: 'How far back use counts, in days (30d)' },
      { name: 'max-requests', value: '<n>', text: 'Make at most so many requests for the use of keys (200)' },
      {
        name: 'baseline',
        value: '<file>',
        text: 'Report only what is new since this report (JSON or SARIF)',
      },
      {
        name: 'only',
        value: '<key>',
        text: 'Only keys with this key id, or that fit this pattern (* and ?); may be given several times',
      },
      { name: 'except', value: '<key>', text: 'All keys but these; like --only' },
      { name: 'test', text: "Run the test cases of the policy's own rules, and nothing else" },
      { name: 'fix', text: 'Narrow the configuration to what is used, after a look at the difference' },
      { name: 'write', text: 'With --fix: write without asking' },
      {
        name: 'patch',
        value: '<file>',
        text: 'With --fix: where to leave what takes it back (fluxloop-keys.fix.patch)',
      },
      { name: 'parallelism', value: '<n>', text: 'How many requests to make at once (10)' },
      ...connectionFlags,
    ],
    examples: [
      'audit --offline',
      'audit --window 90d --fail-on medium',
      'audit --format sarif >audit.sarif',
      'audit --test',
      'audit --fix',
    ],
    run: async (flags, context) => {
      const { runAudit } = await import('../commands/audit.ts')
      return await runAudit(
        {
          config: flags.list('config'),
          json: flags.on('json'),
          format: flags.text('format'),
          offline: flags.on('offline'),
          failOn: flags.text('fail-on'),
          window: flags.text('window'),
          maxRequests: flags.count('max-requests'),
          baseline: flags.text('baseline'),
          only: flags.list('only'),
          except: flags.list('except'),
          test: flags.on('test'),
          fix: flags.on('fix'),
          write: flags.on('write'),
          patch: flags.text('patch'),
          parallelism: flags.count('parallelism') ?? 10,
          ...connecting(flags),
        },
        context,
      )
    },
  },
]
