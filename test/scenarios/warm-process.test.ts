// Most tests run the built program in a process that ran it before. That is only worth something where it makes no difference.
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { ended, runFile, workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'

const configuration = `version: 1
stack: acme
keys:
  agents: { name: Agents, scope: all, permissions: [read_scenarios], expires: 90d, store: { env-file: { path: .env, name: KEY } } }
`

t.test('a run says and does the same in a warm process as in one of its own', async t => {
  const platform = await servedPlatform(t)
  const place = await workplace(t, platform.env)
  await place.write('fluxloop-keys.yaml', configuration)
  await place.write('broken.yaml', 'version: 1\nstack: acme\nkeys: { agents: 1 }\n')
  const lines: readonly (readonly [line: string, env: Readonly<Record<string, string>>, input?: string])[] = [
    ['validate -c broken.yaml', {}],
    ['plan --detailed-exitcode', {}],
    ['plan --json', { FORCE_COLOR: '1' }],
    ['plan', { FORCE_COLOR: '1', TZ: 'Asia/Tokyo' }],
    ['plan', { FLUXLOOP_API_KEY: 'flux_ci_unknown' }],
    ['plan --no-such-flag', {}],
    ['apply', {}],
    ['auth login --with-token', { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' }, 'flux_ci_typed\n'],
    ['apply --auto-approve', { FLUXLOOP_KEYS_CRASH_AT: 'before-create:1' }],
  ]
  for (const [line, env, input = ''] of lines) {
    const run = (apart: boolean) => place.run(line.split(' '), { env, input, apart })
    const [warm, own] = [await run(false), await run(true)]
    t.strictSame(warm, own, `${line} ${JSON.stringify(env)}`)
    t.not(own.stdout + own.stderr + (own.signal ?? ''), '')
  }
})

t.test('so do the action and the program for GitLab, also when they ran before', async t => {
  const { env, work: cwd } = await workplace(t)
  const lines = [
    ['build/action.cjs', [], { GITHUB_ACTIONS: 'true', INPUT_COMMAND: 'unknown' }],
    ['build/action.cjs', [], { GITHUB_ACTIONS: 'true' }],
    ['dist/gitlab.js', ['plan'], { GITLAB_CI: 'true' }],
    ['dist/gitlab.js', ['unknown'], { GITLAB_CI: 'true' }],
  ] as const
  for (const [path, args, more] of lines) {
    const file = fileURLToPath(new URL(`../../${path}`, import.meta.url))
    const options = { cwd, env: { ...env, ...more } }
    const [warm, own] = [
      await runFile(file, args, options),
      await ended(process.execPath, [file, ...args], options),
    ]
    t.strictSame(warm, own, `${path} ${args.join(' ')}`)
    t.not(own.code, 0)
    t.not(own.stdout + own.stderr, '')
  }
})

t.test('a run in a warm process knows nothing of the run before it', async t => {
  const platform = await servedPlatform(t)
  const [first, second] = [await workplace(t, platform.env), await workplace(t)]
  await first.write('fluxloop-keys.yaml', configuration)
  t.match(await first.run(['plan'], { env: { FORCE_COLOR: '1' } }), { code: 0, stdout: /\u001b/ })
  const bare = await second.run(['plan'])
  t.match(bare, { code: 2, stdout: '' }, 'neither its folder')
  t.match(await first.run(['plan'], { env: { FLUXLOOP_API_KEY: undefined } }), { code: 3 }, 'nor its key')
  t.notMatch((await first.run(['plan'])).stdout, '\u001b', 'nor its variables')
})

t.test('a process that its run killed is not used again', async t => {
  const platform = await servedPlatform(t)
  const place = await workplace(t, platform.env)
  await place.write('fluxloop-keys.yaml', configuration)
  const killed = await place.run(['apply', '--auto-approve'], {
    env: { FLUXLOOP_KEYS_CRASH_AT: 'after-create:1' },
  })
  t.match(killed, { code: null, signal: 'SIGKILL', stdout: /1 to create/ }, 'what it said before is there')
  t.match(await place.run(['apply', '--auto-approve']), { code: 0 })
})
