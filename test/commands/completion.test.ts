import { readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { completionOf } from '../../src/cli/complete.ts'
import { commands } from '../../src/cli/commands.ts'
import { needs } from '../support/needs.ts'
import { type Workplace, asUsersDo, ended, workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'
import { openShell } from '../support/shell.ts'

const configuration = `
version: 1
stack: acme-agents
defaults: { expires: 90d }
keys:
  ci-pipeline: { name: CI/CD Pipeline, scope: all, permissions: [read_scenarios] }
  backup-service: { name: Backup Service, scope: all, permissions: [read_scenarios] }
`

/** What a shell would offer for a line without the program's name, the configuration and the platform aside. */
function offered(line: string): readonly string[] {
  const { candidates, typed } = completionOf(line.split(' '), commands)
  return candidates.map(({ word }) => word).filter(word => word.startsWith(typed))
}

t.test('offers what may stand at the cursor, and nothing that may not', async t => {
  for (const { name } of commands) t.ok(offered('').includes(name.split(' ')[0] ?? ''), name)
  t.strictSame(offered('auth '), ['login', 'logout', 'status', 'whoami'])
  t.strictSame(offered('auth logi'), ['login'])
  t.strictSame(offered('nonsense '), [])
  t.strictSame(offered('auth login '), [])
  t.strictSame(offered('auth login extra '), [])
  t.strictSame(offered('plan --det'), ['--detailed-exitcode'])
  t.strictSame(offered('plan --drift --dri'), [], 'a switch that is there already')
  t.strictSame(offered('plan -c a.yaml --conf'), ['--config'], 'a flag that may be given again')
  t.strictSame(offered('completion '), ['bash', 'zsh', 'fish'])
  t.strictSame(offered('completion bash '), [])
  t.notOk(offered('').includes('__complete'))
  const secret = completionOf(['secret', 'get', '-c', 'keys.yaml', '--config=more.yaml', ''], commands)
  t.match(secret, { from: 'declared', config: ['keys.yaml', 'more.yaml'] })
  t.equal(completionOf(['plan', '-c', ''], commands).from, 'files')
  t.match(completionOf(['plan', '--config=ke'], commands), {
    from: 'files',
    prefix: '--config=',
    typed: 'ke',
  })
  for (const command of ['exec', 'env'])
    t.match(completionOf([command, 'ci-pipeline', 'BACKUP_KEY=ba'], commands), {
      from: 'declared',
      prefix: 'BACKUP_KEY=',
      typed: 'ba',
    })
  t.match(completionOf(['exec', 'ci-pipeline', '--', 'np'], commands), { from: 'files', candidates: [] })
  t.match(completionOf(['exec', 'ci-pipeline', '--', '--he'], commands), { from: 'files', candidates: [] })
  t.match(completionOf(['apikeys', 'show', '--profile', 'work', '--staging', 'key_'], commands), {
    from: 'live',
    profile: 'work',
    staging: true,
  })
})

/** A workplace whose PATH has the built program under its name. */
async function shellPlace(t: Test, env: Readonly<Record<string, string>> = {}) {
  const place = await workplace(t)
  const bin = join(place.root, 'bin')
  await place.write('fluxloop-keys.yaml', configuration)
  await place.write('../bin/fluxloop-keys', `#!/bin/sh\nexec ${asUsersDo.join(' ')} "$@"\n`)
  await ended('chmod', ['+x', join(bin, 'fluxloop-keys')])
  return { ...place, env: { ...place.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, ...env } }
}

/** The script of a shell, in a file: printed once for many completions. */
async function scriptOf(place: Workplace, shell: string): Promise<string> {
  const file = join(place.root, `completion.${shell}`)
  await writeFile(file, (await place.run(['completion', shell])).stdout)
  return file
}

/** A platform with one key whose name would run commands, if a script evaluated it. */
async function livePlatform(t: Test) {
  const platform = await servedPlatform(t)
  const make = async (name: string) => {
    const answer = await platform.send(
      new Request('http://localhost/api/api-keys', {
        method: 'POST',
        headers: { authorization: `Bearer ${platform.administrator.reveal()}` },
        body: JSON.stringify({ name }),
      }),
    )
    return ((await answer.json()) as { api_key: { id: string } }).api_key.id
  }
  const id = await make('Evil $(touch pwned) `touch pwned`; "x')
  const quoted = await make("It's; touch pwned; echo \\$(touch pwned)")
  await make('Loud !!$(touch pwned)')
  await make('Twice')
  await make('Twice')
  return { platform, id, quoted }
}

t.test('completes in bash', async t => {
  if (!needs(t, 'bash')) return
  const { platform, id } = await livePlatform(t)
  const place = await shellPlace(t, platform.env)
  const file = await scriptOf(place, 'bash')
  const complete = async (...words: readonly string[]) => {
    const script = `source ${file}
COMP_WORDS=(fluxloop-keys "$@"); COMP_CWORD=$#; _fluxloop_keys; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = await ended('bash', ['--norc', '-c', script, 'bash', ...words], {
      cwd: place.work,
      env: place.env,
    })
    t.equal(stderr, '')
    return stdout.split('\n').filter(line => line !== '')
  }
  t.strictSame(await complete('auth', 'log'), ['login', 'logout'])
  t.strictSame(await complete('secret', 'get', ''), ['backup-service', 'ci-pipeline'])
  t.strictSame(await complete('exec', 'A', '=', 'ci'), ['ci-pipeline'], 'after the name of a variable')
  t.strictSame(await complete('exec', 'ci-pipeline', '--', 'flux'), ['fluxloop-keys.yaml'])
  t.strictSame(await complete('plan', '-c', 'flux'), ['fluxloop-keys.yaml'])
  t.strictSame(await complete('plan', '--config', '=', 'flux'), ['fluxloop-keys.yaml'], 'bash splits at =')
  t.strictSame(await complete('apikeys', 'show', id.slice(0, 9)), [id])
  t.strictSame(
    await complete('apikeys', 'show', 'Evil'),
    ['Evil\\ \\$\\(touch\\ pwned\\)\\ \\`touch\\ pwned\\`\\;\\ \\"x'],
    'a name is quoted for the line',
  )
  t.strictSame(
    await complete('apikeys', 'show', '"Evil \\$'),
    ['Evil \\$(touch pwned) \\`touch pwned\\`; \\"x'],
    'and for the quotes that are open',
  )
  t.strictSame(await complete('apikeys', 'show', "'It"), ["It'\\''s; touch pwned; echo \\$(touch pwned)"])
  t.strictSame(await complete('apikeys', 'show', '"Lou'), [], 'bash replaces ! between double quotes')
  for (const torn of ['"Evil" $', "It's; t", 'Evil" $'])
    t.strictSame(await complete('apikeys', 'show', torn), [], torn)
  t.strictSame(await complete('apikeys', 'show', 'Twi'), [], 'a name of two keys does not name one')
  t.notOk((await readdir(place.work)).includes('pwned'))
})

t.test('runs nothing that a name holds, whatever quote is open', async t => {
  const { platform, id, quoted } = await livePlatform(t)
  const place = await shellPlace(t, platform.env)
  const shells = [
    { name: 'bash', args: ['--norc', '-i'], before: '' },
    { name: 'zsh', args: ['-f', '-i'], before: 'autoload -Uz compinit && compinit -D -u; ' },
  ]
  for (const { name, args, before } of shells) {
    if (!needs(t, name)) continue
    const shell = openShell(t, name, args, { cwd: place.work, env: { ...place.env, PS1: 'ready> ' } })
    await shell.until(/ready> /)
    shell.type(`${before}source <(fluxloop-keys completion ${name}); echo ok$((1))\r`)
    await shell.until(/ok1\r[^]*ready> /)
    for (const [word, wanted] of [
      ['"Ev', id],
      ["'It", quoted],
    ] as const) {
      shell.clear()
      shell.type(`fluxloop-keys apikeys show ${word}\t\r`)
      await shell.until(/\n[^]*ready> /)
      t.ok(shell.seen().includes(wanted), `${name}: ${word}`)
    }
    shell.type('exit\r')
    await shell.ended
  }
  t.notOk((await readdir(place.work)).includes('pwned'))
})

t.test('completes in fish', async t => {
  if (!needs(t, 'fish')) return
  const place = await shellPlace(t)
  const file = await scriptOf(place, 'fish')
  const complete = async (line: string) => {
    const script = `source ${file}; complete -C $argv[1]`
    const { stdout, stderr } = await ended('fish', ['--no-config', '-c', script, line], {
      cwd: place.work,
      env: place.env,
    })
    t.equal(stderr, '')
    return stdout.split('\n').filter(each => each !== '')
  }
  t.strictSame(await complete('fluxloop-keys secret get ci'), ['ci-pipeline\tCI/CD Pipeline'])
  t.strictSame(
    (await complete('fluxloop-keys auth ')).map(line => line.split('\t')[0]),
    ['login', 'logout', 'status', 'whoami'],
  )
  t.match(await complete('fluxloop-keys plan -c flux'), [/^fluxloop-keys\.yaml/])
})

t.test('completes in zsh', async t => {
  if (!needs(t, 'zsh')) return
  const place = await shellPlace(t)
  const shell = openShell(t, 'zsh', ['-f', '-i'], { cwd: place.work, env: { ...place.env, PS1: 'ready> ' } })
  await shell.until(/ready> /)
  shell.type(
    'autoload -Uz compinit && compinit -D -u; source <(fluxloop-keys completion zsh); echo ok$((1))\r',
  )
  await shell.until(/ok1/)
  // Tab completes what is unique at once; the echo shows what the line has become.
  shell.type('echo fluxloop-keys; : fluxloop-keys\r')
  shell.clear()
  shell.type('fluxloop-keys secret get ci\t')
  await shell.until(/secret get ci-pipeline/)
  shell.type('\u0015fluxloop-keys auth who\t')
  await shell.until(/auth whoami/)
  shell.type('\u0015fluxloop-keys plan -c fluxl\t')
  await shell.until(/-c fluxloop-keys\.yaml/)
  shell.type('\u0015exit\r')
  t.equal(await shell.ended, 0)
})

t.test(
  'asks the platform for live keys once a minute, and keeps ids and names in a file of its owner',
  async t => {
    const { platform, id } = await livePlatform(t)
    const cache = join((await workplace(t)).root, 'cache')
    const place = await workplace(t, { ...platform.env, XDG_CACHE_HOME: cache })
    const complete = (typed: string) => place.run(['__complete', 'apikeys', 'show', typed])
    platform.forget()
    const words = (await complete(id)).stdout.split('\n')
    t.match(words[0], new RegExp(`^${id}\\tEvil`))
    await Promise.all([complete(''), complete('Evil')])
    t.strictSame(platform.requests, ['GET /api/api-keys'])

    const folder = join(cache, 'fluxloop-keys')
    const [file = ''] = await readdir(folder)
    const path = join(folder, file)
    t.equal((await stat(path)).mode & 0o777, 0o600)
    const text = await readFile(path, 'utf8')
    t.notMatch(text, /flux_/, 'neither a secret nor a masked key')
    const kept = JSON.parse(text) as { at: number; keys: readonly unknown[] }
    await writeFile(path, JSON.stringify({ ...kept, at: kept.at - 60_000 }))

    platform.before = async () => new Response('{}', { status: 500 })
    platform.forget()
    t.match(
      await complete(id),
      { code: 0, stdout: new RegExp(id), stderr: '' },
      'what was known is still offered',
    )
    t.equal((await complete(id)).code, 0)
    t.equal(platform.requests.length, 1, 'a request that failed counts, and is not tried again')
  },
)

t.test('is silent where it can offer nothing', async t => {
  const place = await workplace(t, { FLUXLOOP_API_URL: 'http://127.0.0.1:9' })
  await place.write('fluxloop-keys.yaml', 'keys: [')
  for (const words of [
    ['secret', 'get', ''],
    ['apikeys', 'show', ''],
    ['apikeys', 'show', '--api-url', 'nonsense', ''],
    ['nonsense', '--help', ''],
    [],
  ]) {
    const { code, stderr } = await place.run(['__complete', ...words], {
      env: { FLUXLOOP_API_KEY: 'flux_ci_x' },
    })
    t.strictSame([code, stderr], [0, ''], words.join(' '))
  }
})

t.test('asks nothing where it cannot note that it asked', async t => {
  const { platform } = await livePlatform(t)
  const place = await workplace(t, { ...platform.env, XDG_CACHE_HOME: '/proc/1/nowhere' })
  platform.forget()
  t.equal((await place.run(['__complete', 'apikeys', 'show', ''])).code, 0)
  t.strictSame(platform.requests, [])
})
