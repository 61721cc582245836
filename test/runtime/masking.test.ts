// Real processes in the place of a CI runner: a step is a shell whose two streams the test reads.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { needs } from '../support/needs.ts'
import { type Ended, type Workplace, asUsersDo, ended, workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'

const secret = 'flux_ci_sentinel%0123456789'
/** After a line end: whoever wrote before may have left a line open. */
const mask = '\n::add-mask::flux_ci_sentinel%250123456789\n'

const configuration = `
version: 1
stack: acme-agents
defaults: { expires: 90d }
keys:
  ci-pipeline: { name: CI, scope: all, permissions: [read_scenarios], store: { env-file: { path: a.env, name: KEY } } }
  new-key: { name: New, scope: all, permissions: [read_scenarios], store: { env-file: { path: new.env, name: KEY } } }
`

async function scene(t: Test): Promise<Workplace> {
  const place = await workplace(t)
  await place.write('fluxloop-keys.yaml', configuration)
  await place.write('a.env', `KEY=${secret}\n`)
  return place
}

/** Runs a step as runners do: both of its streams are pipes, where Node's own would be sockets. */
const throughPipes = `exec 3> >(cat >&2)
errors=$!
"$@" 2>&3 3>&- | cat
code=\${PIPESTATUS[0]}
exec 3>&-
wait $errors
exit $code`

/**
 * Runs a script, in which `keys` is the program, as a step of a CI job. `runner`: what starts the step's shell, whose own
 * environment does not say that it is in CI, even where these tests run in CI themselves.
 */
async function step(
  place: Workplace,
  script: string,
  {
    shell = 'bash',
    env = 'GITHUB_ACTIONS=true',
    runner = throughPipes,
  }: { readonly shell?: string; readonly env?: string; readonly runner?: string } = {},
): Promise<Ended> {
  await place.write('step.sh', `keys() { ${asUsersDo.join(' ')} "$@"; }\n${script}\n`)
  await place.write('proxy-exec', `${runner}\n`)
  const line = ['env', env, shell, '-e', 'step.sh']
  return await ended('bash', ['-c', 'exec -a gitlab-runner-helper bash proxy-exec "$@"', 'bash', ...line], {
    cwd: place.work,
    env: place.env,
  })
}

/** How often the secret's command reached the runner, on either of its streams. */
function masks({ stdout, stderr }: Ended): number {
  return (stdout + stderr).split(mask).length - 1
}

t.test('a secret is masked before anything else is printed, and machine output stays what it is', async t => {
  const place = await scene(t)
  const printed = await step(place, 'keys secret get ci-pipeline')
  // The runner reads the two streams apart: whichever it reads first, the mask comes first.
  t.match(printed, { code: 0, stdout: mask + secret, stderr: mask })
  const twice = await step(place, 'keys env A=ci-pipeline B=ci-pipeline --format json | cat')
  t.strictSame(JSON.parse(twice.stdout), { A: secret, B: secret })
  t.equal(twice.stderr, mask, 'once')
  const ran = await step(place, `keys exec ci-pipeline -- sh -c 'echo "$FLUXLOOP_API_KEY" >&2'`)
  t.equal(ran.stderr, `${mask}${secret}\n`)
  const file = await step(place, 'keys env ci-pipeline --format github-env >>github.env')
  t.match(file, { code: 0, stdout: '', stderr: mask })
  t.notMatch(await place.read('github.env'), '::add-mask::')
  t.match(await step(place, 'keys validate'), { code: 0, stderr: '' })
})

t.test('no command with a secret in it goes anywhere but to the runner', async t => {
  if (!needs(t, 'dash')) return
  for (const shell of ['bash', 'dash']) {
    const place = await scene(t)
    for (const line of [
      'keys secret get ci-pipeline >out 2>err',
      'keys secret get ci-pipeline 2>err >/dev/null',
      '{ keys secret get ci-pipeline >/dev/null; } 2>&1 | cat >out',
      'out=$(keys secret get ci-pipeline 2>&1); printf %s "$out" >out',
    ]) {
      const run = await step(place, `: >out; : >err\n${line}\n`, { shell })
      const name = `${shell}: ${line}`
      t.equal(run.code, 0, name)
      t.equal(masks(run), 1, `${name}: ${JSON.stringify(run)}`)
      for (const file of ['out', 'err'])
        t.notMatch(await place.read(file), '::add-mask::', `${name}: ${file}`)
    }
  }
  const place = await scene(t)
  const lost = await step(place, 'exec >all 2>&1; keys secret get ci-pipeline')
  t.equal(masks(lost), 0, 'where nothing reaches the runner')
  t.equal(await place.read('all'), secret, 'it is written nowhere')
})

t.test('what the platform issues is masked, whatever is printed of it', async t => {
  const place = await scene(t)
  const platform = await servedPlatform(t)
  const vars = `FLUXLOOP_API_URL=${platform.env.FLUXLOOP_API_URL} FLUXLOOP_API_KEY=${platform.env.FLUXLOOP_API_KEY}`
  const applied = await step(place, `${vars} keys apply --auto-approve --only new-key`)
  const [, delivered = ''] = /KEY=(\S+)/.exec(await readFile(join(place.work, 'new.env'), 'utf8')) ?? []
  t.equal(applied.code, 0)
  t.equal(applied.stderr, `\n::add-mask::${delivered}\n`)
  t.equal(applied.stdout.split(delivered).length, 2, 'nowhere but in the command')
  t.notMatch(applied.stderr, platform.env.FLUXLOOP_API_KEY, 'what came in the environment is known already')
  const elsewhere = 'mkdir -p elsewhere; HOME=$PWD/elsewhere'
  const looked = await step(place, `${elsewhere} ${vars} keys plan --only new-key`)
  t.match(
    looked,
    { code: 0, stderr: '', stdout: 'No changes.' },
    'a plan that reads the store prints no secret',
  )
  const made = await step(place, `${vars} keys apikeys create --name Made --json | cat`)
  const { key } = JSON.parse(made.stdout) as { readonly key: string }
  t.equal(made.stderr, `\n::add-mask::${key}\n`)
  const outputs = ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STEP_SUMMARY', 'GITHUB_STATE'] as const
  for (const name of outputs) await place.write(name, '')
  const files = outputs.map(name => `export ${name}=$PWD/${name}`).join('; ')
  await step(place, `${files}; ${vars} keys rotate new-key --auto-approve; keys secret get new-key`)
  for (const name of outputs) t.equal(await place.read(name), '', `nothing goes to ${name} unasked`)
})

t.test('GitLab gets the command only where its runner reads it', async t => {
  const place = await scene(t)
  const env = 'GITLAB_CI=true'
  const plain = await step(place, 'keys secret get ci-pipeline', { env })
  t.match(plain, { code: 0, stdout: mask + secret, stderr: mask })
  const redirected = await step(place, 'keys secret get ci-pipeline 2>&1 >/dev/null | cat >out', { env })
  t.equal(masks(redirected), 1)
  t.equal(await place.read('out'), '')
  const without = await place.run(['secret', 'get', 'ci-pipeline'], { env: { GITLAB_CI: 'true' } })
  t.strictSame([without.stdout, without.stderr], [secret, ''], 'any other would show it in the log')
})

t.test('a mask begins a line of its own, whatever stands in the log before it', async t => {
  const place = await scene(t)
  const open = await step(place, 'printf "The key: " >&2; keys secret get ci-pipeline | wc -c')
  t.match(open.stderr, mask)
  const piped = await step(
    place,
    'exec 2>&1; printf "The key: "; keys secret get ci-pipeline 2>&1 | cat >out',
  )
  t.match(piped.stdout, `The key: ${mask}`)
})

t.test('an agent of Azure gets its own command, through the streams of the script of a step', async t => {
  const place = await scene(t)
  // As the agent does: Node starts the shell, and passes on what it writes.
  await place.write(
    'task.cjs',
    `const { spawn } = require('node:child_process')
const shell = spawn('bash', ['-e', 'step.sh'], { stdio: ['ignore', 'pipe', 'pipe'] })
shell.stdout.pipe(process.stdout)
shell.stderr.pipe(process.stderr)
shell.on('close', code => (process.exitCode = code))`,
  )
  const run = async (script: string) => {
    await place.write('step.sh', `keys() { ${asUsersDo.join(' ')} "$@"; }\n${script}\n`)
    return await ended('node', ['task.cjs'], { cwd: place.work, env: { ...place.env, TF_BUILD: 'True' } })
  }
  const command = `\n##vso[task.setsecret]${secret}\n`
  t.match(await run('keys secret get ci-pipeline'), { code: 0, stdout: command + secret, stderr: command })
  const captured = await run(
    'key=$(keys secret get ci-pipeline 2>/dev/null); echo ${#key}; exec 2>err; (keys secret get ci-pipeline >out)',
  )
  t.match(captured, { code: 0, stdout: `${secret.length}\n`, stderr: '' })
  t.notMatch((await place.read('out')) + (await place.read('err')), '##vso')
})

t.test('where a runner masks and cannot be told what, nothing is created or regenerated', async t => {
  const place = await scene(t)
  const platform = await servedPlatform(t)
  const vars = `FLUXLOOP_API_URL=${platform.env.FLUXLOOP_API_URL} FLUXLOOP_API_KEY=${platform.env.FLUXLOOP_API_KEY}`
  const away = (line: string, env = 'GITHUB_ACTIONS=true') =>
    step(place, `exec >all 2>&1; ${vars} keys ${line}`, { env })
  await place.write('fluxloop-keys.yaml', configuration.replace(/^ {2}ci-pipeline.*\n/m, ''))
  for (const line of [
    'apply --auto-approve',
    'apikeys create --name Made --store env-file:made.env',
    'apikeys regenerate key_abc123 --force',
  ]) {
    platform.forget()
    t.equal((await away(line)).code, 6, line)
    t.match(await place.read('all'), /cannot be told to mask new secrets[^]*--allow-unmasked/, line)
    t.strictSame(
      platform.requests.filter(request => !request.startsWith('GET')),
      [],
      line,
    )
  }
  t.equal((await away('apply --auto-approve', 'GITLAB_CI=true')).code, 6, 'a runner of GitLab that masks')
  t.equal((await away('plan')).code, 0, 'what makes no secret goes on')
  t.equal((await away('apply --auto-approve --allow-unmasked')).code, 0)
  t.equal((await away('apply --auto-approve')).code, 0, 'and a plan that makes none')
  t.equal((await away('rotate new-key --auto-approve')).code, 6)
  // Its usual runner has no masking that can be told anything.
  const plain = await place.run(['rotate', 'new-key', '--auto-approve'], {
    env: { ...platform.env, GITLAB_CI: 'true' },
  })
  t.equal(plain.code, 0, plain.stderr)
})

t.test('outside of CI nothing is masked', async t => {
  const place = await scene(t)
  for (const env of [{}, { CI: 'true' }, { GITHUB_ACTIONS: 'false' }]) {
    const { stdout, stderr } = await place.run(['secret', 'get', 'ci-pipeline'], { env })
    t.strictSame([stdout, stderr], [secret, ''], JSON.stringify(env))
  }
})
