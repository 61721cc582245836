import { type Command, defineCommand } from './command.ts'
import { choice, count, countOr, duration, list, text, toggle } from './flags.ts'
import { carryingOut } from './plan-flags.ts'
import { allowPath, config, connection, json } from './shared-flags.ts'

export const policy: readonly Command[] = [
  defineCommand({
    name: 'audit',
    group: 'policy',
    summary: 'Check configuration, keys and their use against the policy',
    flags: {
      config,
      json,
      format: choice(
        '<format>',
        ['text', 'json', 'sarif', 'junit', 'markdown', 'csv', 'gitlab'],
        'What to print (default text)',
        {
          meant: {
            md: 'markdown',
            xml: 'junit',
            txt: 'text',
            html: 'markdown',
            codequality: 'gitlab',
            codeclimate: 'gitlab',
          },
        },
      ),
      offline: toggle('Look at the configuration alone: no request, no credentials'),
      failOn: choice(
        '<severity>',
        ['info', 'low', 'medium', 'high', 'critical'],
        'Exit with 6 at this severity or above (default: as the policy says, or high)',
      ),
      fix: toggle('Narrow the configuration to what is used, after a look at the difference'),
      write: toggle('With --fix: write without asking'),
      window: text('<period>', 'How far back use counts, in days (default 30d)'),
      only: list('<key>', 'Only keys with this key id, or that fit this pattern (* and ?)'),
      except: list('<key>', 'All keys but these'),
      baseline: text('<file>', 'Report only what is new since this report (JSON or SARIF)'),
      test: toggle("Run the test cases of the policy's own rules, and nothing else"),
      ...connection,
      patch: text(
        '<file>',
        'With --fix: where to put the patch that undoes it (default fluxloop-keys.fix.patch)',
        {
          rare: true,
        },
      ),
      maxRequests: count('<n>', 'Make at most N requests for the use of keys (default 200)', { rare: true }),
      parallelism: countOr(10, '<n>', 'How many requests to make at once', { rare: true }),
    },
    examples: [
      'audit',
      'audit --offline',
      'audit --window 90d --fail-on medium',
      'audit --format sarif >audit.sarif',
      'audit --test',
      'audit --fix',
    ],
    run: async ({ flags }, context) => {
      const { runAudit } = await import('../commands/audit-command.ts')
      return await runAudit(flags, context)
    },
  }),
  defineCommand({
    name: 'report',
    group: 'policy',
    summary: 'Write a page about keys, findings and what comes next',
    about: [
      'The page is one file that loads nothing: open it in a browser, send it, archive it. It holds no secret, and addresses and persons only with --show-personal.',
      'It costs the requests of a plan, and one for the use of each key that was not looked at within a day. With --from it makes none, and needs no credentials.',
    ],
    flags: {
      config,
      html: text('<file>', 'The page to write'),
      window: text('<period>', 'How far back use counts, in days (default 30d)'),
      from: text('<file>', 'Make it offline, from what audit --json printed'),
      plan: text('<file>', 'With --from: what plan --json printed, for drift and the next apply'),
      showPersonal: toggle('Show addresses and persons on the page'),
      ...connection,
      maxRequests: count('<n>', 'Make at most N requests for the use of keys (default 200)', { rare: true }),
      parallelism: countOr(10, '<n>', 'How many requests to make at once', { rare: true }),
    },
    examples: [
      'report --html report.html',
      'report --html report.html --window 90d',
      'report --html report.html --from audit.json --plan plan.json',
    ],
    run: async ({ flags }, context) => {
      const { runReport } = await import('../commands/report-command.ts')
      return await runReport(flags, context)
    },
  }),
  defineCommand({
    name: 'ui',
    group: 'policy',
    summary: 'Serve the page of report on this machine, kept up to date',
    about: [
      'It prints an address on 127.0.0.1 that lets one browser in, once. The page can be read, and nothing else: no button changes a key.',
      'It asks the platform each minute, and after each run of this machine: a list and who calls, with the use of keys once a day. It takes at most a third of the 1,000 requests that the platform allows in an hour, and waits longer where that is not enough.',
      'With FLUXLOOP_KEYS_DATABASE_URL it shows the fleet of that database, too: its stacks, what comes next, and what is left of each budget of requests.',
    ],
    flags: {
      config,
      stack: list('<path>', 'Show the stack of this configuration, too'),
      window: text('<period>', 'How far back use counts, in days (default 30d)'),
      port: countOr(0, '<n>', 'The port; 0 picks a free one'),
      showPersonal: toggle('Show addresses and persons on the page'),
      ...connection,
      maxRequests: count('<n>', 'Make at most N requests for the use of keys at once (default 200)', {
        rare: true,
      }),
      parallelism: countOr(10, '<n>', 'How many requests to make at once', { rare: true }),
    },
    examples: ['ui', 'ui --port 8080', 'ui --stack agents/keys.yaml --stack data/keys.yaml'],
    run: async ({ flags }, context) => {
      const { runUi } = await import('../commands/ui-command.ts')
      return await runUi(flags, context)
    },
  }),
  defineCommand({
    name: 'who',
    group: 'policy',
    takes: '[key]',
    summary: 'Show who uses a key, against its declared consumers',
    about: [
      'It compares the `consumers` that a key declares with what the platform saw. What the figures leave open is called unknown.',
      'It changes nothing: one list request for each 1,000 keys, and one for each live key and window (--window, and each `every`).',
    ],
    flags: {
      config,
      json,
      all: toggle('All declared keys, as a table'),
      window: text('<period>', 'How far back unknown use counts, in days (default 30d)'),
      showPersonal: toggle('Show addresses and user agents also where the output is not a terminal'),
      ...connection,
      maxRequests: count('<n>', 'Make at most N requests for the use of keys (default 200)', { rare: true }),
      parallelism: countOr(10, '<n>', 'How many requests to make at once', { rare: true }),
    },
    examples: ['who ci-pipeline', 'who --all', 'who ci-pipeline --window 90d --json --show-personal'],
    run: async ({ flags, argument: key }, context) => {
      const { runWho } = await import('../commands/who-command.ts')
      return await runWho({ ...flags, key }, context)
    },
  }),
  defineCommand({
    name: 'leak',
    group: 'policy',
    takes: '[file]',
    summary: 'Contain a leaked secret: find its key, rotate, revoke',
    about: [
      'It reads a secret, a text with secrets in it, or the JSON of gitleaks, trufflehog or GitHub secret scanning, and prints of a secret its end alone. It marks every generation of its key as leaked, makes a successor, delivers it and revokes the others, and lists who used the key that is not one of its declared consumers.',
      'Exit code 0: no found secret opens anything now. 6: one still does, or may. 7: done in part.',
      'Before the plan: one list request for each 1,000 keys, one for each secret that ends like a live key, and one for the use of each live key of a leaked one. After it: those of apply, and one for each leaked secret, which has to be refused.',
    ],
    flags: {
      config,
      json,
      stdin: toggle('Read standard input'),
      dryRun: toggle('Show whose secret it is and what would be done, and change nothing'),
      since: text(
        '<moment>',
        'List unknown use since a date (2027-01-01) or a period until now (default 30d)',
      ),
      reason: text('<text>', 'Why, for the plan and the log (default: where it was found)'),
      showPersonal: toggle('Show addresses and user agents also where the output is not a terminal'),
      ...carryingOut,
      ...connection,
      maxRequests: count('<n>', 'Make at most N requests for the use of keys (default 200)', { rare: true }),
      allowPath,
    },
    examples: [
      'leak --stdin --dry-run <found.txt',
      'leak gitleaks.json --auto-approve',
      'trufflehog git file://. --json | fluxloop-keys leak --stdin --auto-approve',
    ],
    run: async ({ flags, argument: file }, context) => {
      const { runLeak } = await import('../commands/leak-command.ts')
      return await runLeak({ ...flags, file }, context)
    },
  }),
  defineCommand({
    name: 'break-glass',
    group: 'policy',
    takes: '<key>',
    summary: 'Give a key a permission for a time, in an emergency',
    about: [
      'The policy says who may do it for what and how long (`policy.breakGlass`); where it says nothing, nobody may. The marker of the key records the grant and its end: plans keep it until then, the first apply after that takes it away, and every plan asks for a rotation from then on.',
      'Requests: those of a plan, and one PATCH; one more where a signature proves that the key is ours.',
    ],
    flags: {
      config,
      json,
      permission: list('<name>', 'What it is given'),
      for: duration('<period>', 'For how long, such as 2h'),
      reason: text('<text>', 'Why, for the plan and the log'),
      ...carryingOut,
      ...connection,
      allowPath,
    },
    examples: ['break-glass ci-pipeline --permission manage_projects --for 2h --reason "incident 4711"'],
    run: async ({ flags, argument: key }, context) => {
      const { runBreakGlass } = await import('../commands/break-glass-command.ts')
      return await runBreakGlass({ ...flags, key }, context)
    },
  }),
]
