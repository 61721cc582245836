// A plan that needs more requests than the caller has left: said before, waited for, interrupted, and finished later.
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { day, hour } from '../../src/model/duration.ts'
import { endsAgree, visibleEnd } from '../../src/model/live-key.ts'
import { displayWidth } from '../../src/render/text/layout.ts'
import { type Ended, type Workplace, asUsersDo, workplace } from '../support/program.ts'
import { openShell } from '../support/shell.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'

function configuration(count: number, more = ''): string {
  const blocks = Array.from(
    { length: count },
    (_, index) => `  key-${index}: { name: Key ${index}, scope: all, permissions: [read_scenarios] }\n`,
  )
  return `
version: 1
stack: budget
defaults:
  expires: 90d
${more}  store: { env-file: { path: 'secrets/{key}.env', name: FLUXLOOP_API_KEY } }
keys:
${blocks.join('')}`
}

const words = ({ stdout, stderr }: Ended) => `${stdout}${stderr}`.replace(/\s+/g, ' ')

/** Our own sandbox in a process of its own, with the limit that its command line gives it. */
async function sandbox(t: Test, place: Workplace, limit: string): Promise<Readonly<Record<string, string>>> {
  let running: ChildProcess | null = null
  const line = await new Promise<string>((resolve, reject) => {
    place
      .run(['sandbox', '--port', '0', '--json', '--rate-limit', limit], {
        watch: child => {
          running = child
          child.stdout?.once('data', (text: Buffer) => resolve(String(text)))
        },
      })
      .then(ending => reject(new Error(words(ending))), reject)
  })
  t.teardown(() => running?.kill('SIGINT'))
  const { url, api_key: key } = JSON.parse(line) as { url: string; api_key: string }
  return { FLUXLOOP_API_URL: url, FLUXLOOP_API_KEY: key }
}

t.test('finishes a plan of three budgets by itself, and is not refused once', async t => {
  const place = await workplace(t)
  const env = await sandbox(t, place, '20/5s')
  await place.write('fluxloop-keys.yaml', configuration(25))
  const ending = await place.run(['apply', '--auto-approve', '--verbose'], { env })
  t.equal(ending.code, 0, words(ending))
  t.match(
    words(ending),
    /This needs 52 requests, and 18 of 20 are left until \d\d:\d\d UTC\. Apply waits for more 2 times/,
  )
  t.match(
    words(ending),
    /No requests are left: going on in \d seconds?, at \d\d:\d\d UTC\. About \d+ requests are to be made/,
  )
  t.notMatch(words(ending), / 429 /)
  t.match(words(ending), '25 created')
})

t.test('survives that others use up the same budget', async t => {
  const place = await workplace(t)
  const env = await sandbox(t, place, '12/2s')
  await place.write('fluxloop-keys.yaml', configuration(10))
  const headers = { authorization: `Bearer ${env['FLUXLOOP_API_KEY'] ?? ''}` }
  const others = setInterval(() => {
    fetch(`${env['FLUXLOOP_API_URL'] ?? ''}/api/auth/whoami`, { headers }).catch(() => undefined)
  }, 400)
  t.teardown(() => clearInterval(others))
  const ending = await place.run(['apply', '--auto-approve', '--verbose'], { env })
  t.equal(ending.code, 0, words(ending))
  t.match(words(ending), '10 created')
})

/** An apply that is interrupted once it waits for more requests. */
function applyUntilWait(place: Workplace, platform: ServedPlatform): Promise<Ended> {
  return place.run(['apply', '--auto-approve'], {
    env: platform.env,
    watch: child =>
      child.stderr?.on('data', (text: Buffer) => {
        if (String(text).includes('No requests are left')) child.kill('SIGINT')
      }),
  })
}

/** Applies until all is done: each run until it has to wait, the next one two hours later. */
async function inHours(
  t: Test,
  place: Workplace,
  platform: ServedPlatform,
  afterEach: () => Promise<void>,
): Promise<void> {
  for (let run = 0; run < 10; run += 1) {
    const ending = await applyUntilWait(place, platform)
    platform.now += hour
    await afterEach()
    platform.now += hour
    if (ending.code === 0) return
    t.equal(ending.code, 130, words(ending))
  }
  t.fail('it comes to an end')
}

/** Those that are half done: pending, or with another secret than their marker says. */
async function halfDone(platform: ServedPlatform): Promise<readonly string[]> {
  return (await platform.managed()).flatMap(({ id, maskedKey, ownership }) => {
    if (ownership.kind !== 'managed') return []
    const { state } = ownership.marker
    return state.kind === 'delivered' && endsAgree(state.visibleEnd, visibleEnd(maskedKey)) ? [] : [id]
  })
}

t.test('begins no key that it could not finish, where lists take several requests', async t => {
  const place = await workplace(t)
  const platform = await servedPlatform(t, { rateLimit: { requests: 20, window: hour } })
  platform.before = async request => {
    const url = new URL(request.url)
    if (url.searchParams.get('limit') !== '1000') return null
    url.searchParams.set('limit', '10')
    return await platform.send(new Request(url, { headers: request.headers }))
  }
  await place.write('fluxloop-keys.yaml', configuration(25))
  const made: number[] = []
  await inHours(t, place, platform, async () => {
    t.strictSame(await halfDone(platform), [])
    made.push((await platform.managed()).length)
  })
  t.strictSame(made, [7, 15, 22, 25])
})

t.test(
  'begins no rotation in place that it could not finish, however many are worked on at once',
  async t => {
    const place = await workplace(t)
    const platform = await servedPlatform(t, { rateLimit: { requests: 24, window: hour } })
    const inPlace = '  rotate: { maxAge: 60d, strategy: in-place }\n'
    const text = configuration(11, inPlace).replace('keys:', 'limits: { rotate: 100% }\nkeys:')
    await place.write('fluxloop-keys.yaml', text)
    await inHours(t, place, platform, async () => undefined)
    platform.now += 61 * day
    // One more request than usual: an odd number is left when the rotations begin.
    await place.write(
      'fluxloop-keys.yaml',
      text.replace(/ {2}key-10: .*\n/, '$&  new: { name: New, scope: all, permissions: [read_scenarios] }\n'),
    )
    const rotated: number[] = []
    await inHours(t, place, platform, async () => {
      t.strictSame(await halfDone(platform), [])
      const live = await platform.managed()
      rotated.push(
        live.filter(({ ownership }) => ownership.kind === 'managed' && ownership.marker.generation === 2)
          .length,
      )
    })
    t.strictSame(rotated, [9, 11])
  },
)

t.test('is interrupted while it waits, says what is done, and the next run goes on', async t => {
  const place = await workplace(t)
  const platform = await servedPlatform(t, { rateLimit: { requests: 20, window: hour } })
  await place.write('fluxloop-keys.yaml', configuration(25))
  const interrupted: number[] = []
  for (let run = 0; run < 10; run += 1) {
    const ending = await applyUntilWait(place, platform)
    if (ending.code === 0) break
    t.equal(ending.code, 130, words(ending))
    t.match(
      words(ending),
      /This needs \d+ requests, and 18 of 20 are left until .* about \d+ (?:hour|minute)/,
    )
    t.match(words(ending), /going on in (?:59 minutes|6\d minutes|1 hour)/)
    t.match(words(ending), /[1-9] created/)
    platform.now += hour
    const pending = (await platform.managed()).filter(
      ({ ownership }) => ownership.kind === 'managed' && ownership.marker.state.kind === 'pending',
    )
    t.strictSame(pending, [], 'no key was begun that could not be finished')
    interrupted.push((await platform.managed()).length)
    platform.now += hour
  }
  t.strictSame(interrupted, [7, 15, 23])
  t.equal((await platform.managed()).length, 25)
})

t.test('is interrupted while it waits after a 429 of which it knew nothing, and finishes later', async t => {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  await place.write('fluxloop-keys.yaml', configuration(3))
  const exhausted = () => new Response(null, { status: 429, headers: { 'retry-after': '1800' } })
  for (const [method, begins] of [
    ['POST', false],
    ['PATCH', true],
  ] as const) {
    platform.before = async request =>
      request.method === method && (await request.clone().text()) !== '{}' ? exhausted() : null
    const ending = await applyUntilWait(place, platform)
    t.equal(ending.code, 130, words(ending))
    t.match(words(ending), /No requests are left: going on in (?:29|30) minutes/)
    t.equal((await halfDone(platform)).length > 0, begins, method)
  }
  platform.before = async () => null
  const ending = await place.run(['apply', '--auto-approve'], { env: platform.env })
  t.equal(ending.code, 0, words(ending))
  t.equal((await platform.managed()).length, 3)
  t.strictSame(await halfDone(platform), [])
  for (const index of [0, 1, 2]) {
    const secret = /flux_\w+/.exec(await place.read(`secrets/key-${index}.env`))?.[0] ?? ''
    t.ok(await platform.holder(secret), `key-${index} has a secret that works`)
  }
})

t.test('counts down on a terminal, and says nothing where the budget is enough', async t => {
  const place = await workplace(t)
  const platform = await servedPlatform(t, { rateLimit: { requests: 20, window: hour } })
  await place.write('fluxloop-keys.yaml', configuration(9))
  const env = { ...place.env, ...platform.env, TERM: 'xterm-256color' }
  const shell = openShell(t, asUsersDo[0], [...asUsersDo.slice(1), 'apply'], { cwd: place.work, env })
  await shell.until(/needs\s+20\s+requests,\s+and\s+18\s+of\s+20[^]*Enter a value:/)
  shell.type('yes\r')
  await shell.until(/waiting\s+for\s+requests: (?:59 minutes|6\d minutes|1 hour)/)
  shell.type('\u0003')
  t.equal(await shell.ended, 130)
  const lines = shell.seen().split(/[\r\n]+/)
  t.strictSame(
    lines.filter(line => displayWidth(line.replace('\u001b[2K', '')) > 80),
    [],
    'no line is too long',
  )

  platform.now += 2 * hour
  const rest = await place.run(['apply', '--auto-approve'], { env: platform.env })
  t.equal(rest.code, 0, words(rest))
  t.notMatch(words(rest), 'requests')
  t.match(await place.read(join('secrets', 'key-8.env')), 'FLUXLOOP_API_KEY')
})
