// The platform's own limit, 1,000 requests an hour, and a plan of 2,513; in short, a tenth of both: said before, waited for, refused, interrupted and finished.
// The platform is our own sandbox as anybody starts it; its clock and the program's leap over what the program sleeps.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { hour, minute, second } from '../../src/model/duration.ts'
import { meteredPlatform } from '../support/metered-platform.ts'
import { ended, workplace } from '../support/program.ts'
import { sharedClock } from '../support/shared-clock.ts'
import { openShell } from '../support/shell.ts'
import { whole } from '../support/whole.ts'

const limit = whole ? 1_000 : 100
const count = 1.25 * limit

const configuration = `
version: 1
stack: budget
defaults:
  expires: 90d
  store: { env-file: { path: 'secrets/{key}.env', name: FLUXLOOP_API_KEY } }
keys:
${Array.from({ length: count }, (_, index) => `  key-${index}: { name: Key ${index}, scope: all, permissions: [read_scenarios] }`).join('\n')}
`

const oneLine = (text: string) => text.replaceAll(/\u001b\[[\d;?]*[A-Za-z]/g, '').replaceAll(/\s+/g, ' ')
const number = (value: number) => value.toLocaleString('en-US')
/** What creating that many keys costs, with a list for every hundred; before the first one an update that changes nothing is tried. */
const cost = (keys: number, tried = 0) => number(2 * keys + Math.ceil(keys / 100) + tried)
const clockTime = (seconds: number) => `${new Date(seconds * second).toISOString().slice(11, 16)} UTC`
/** Windows end at whole seconds, and a minute that has begun counts. */
const oneHour = '(?:1 hour|60 minutes|1 hour and 1 minute|61 minutes)'
/** Of an hour that began with the work before it, which takes real time. */
const restOfHour = `(?:${oneHour}|5\\d minutes)`
const twoHours = '(?:2 hours|2 hours and 1 minute)'

t.test(`keeps to ${limit} requests an hour with ${count} keys to create`, async t => {
  const place = await workplace(t)
  await place.write('fluxloop-keys.yaml', configuration)
  const clock = sharedClock(t, place.root)
  const platform = await meteredPlatform(t, clock, `${limit}/h`)
  const env = { ...place.env, ...platform.env, ...clock.env }
  const [command, ...program] = clock.program
  const run = (...args: string[]) => ended(command, [...program, ...args], { cwd: place.work, env })
  const stored = async () =>
    (await readdir(join(place.work, 'secrets'))).filter(name => name.endsWith('.env'))
  /** How many requests were granted and refused, window by window. */
  const windows = () => {
    const ends = [...new Set(platform.metered.map(({ window }) => window))].sort()
    return ends.map(end => {
      const all = platform.metered.filter(({ window }) => window === end)
      const refused = all.filter(({ status }) => status === 429).length
      return { end, refused, granted: all.length - refused }
    })
  }

  const others = { taken: 0 }
  platform.before = async (_, earlier) => {
    if (earlier === 0.3 * limit) others.taken = await platform.useUp()
  }
  const shell = openShell(t, command, [...program, 'apply'], {
    cwd: place.work,
    env: { ...env, TERM: 'xterm' },
  })
  const until = (pattern: RegExp) =>
    Promise.race([
      shell.until(pattern),
      shell.ended.then(code =>
        Promise.reject(new Error(`it ended with ${code}: ${shell.seen().slice(-500)}`)),
      ),
    ])
  await until(/Enter a value:/)
  const asked = windows()
  t.match(asked, [{ granted: 2, refused: 0 }], 'a list and a whoami are all that it took to know')
  t.match(
    oneLine(shell.seen()),
    new RegExp(
      `This needs ${cost(count, 1)} requests, and ${limit - 2} of ${number(limit)} are left until ${clockTime(asked[0]?.end ?? 0)}\\. ` +
        `Apply waits for more 2 times, about ${twoHours} in all\\. Ctrl-C ends it cleanly`,
    ),
  )
  shell.clear()
  shell.type('yes\r')
  await until(/waiting(?: for requests)?: [1-4]\d minutes/)
  const [first] = windows()
  t.ok(
    first !== undefined && first.refused >= 1,
    'somebody else took the rest of its requests, and it was refused',
  )
  t.equal((first?.granted ?? 0) + others.taken, limit)
  t.match(
    oneLine(shell.seen()),
    new RegExp(
      `No requests are left: going on in ${restOfHour}, at .* About ${whole ? '2,' : '2'}\\d{${whole ? 3 : 2}} requests are to be made, 3 hours`,
    ),
  )
  const countdown = [
    ...oneLine(shell.seen()).matchAll(/waiting(?: for requests)?: (1 hour|\d+ minutes) \((.*?) to go\)/g),
  ]
  const shown = countdown.map(([, here]) => (here === '1 hour' ? 60 : Number.parseInt(here ?? '', 10)))
  t.ok(shown.length >= 2 && (shown.at(-1) ?? 60) < (shown[0] ?? 0), `it counts down: ${shown.join()}`)
  t.ok(
    countdown.every(([, , all]) => /^(?:2|3) hours/.test(all ?? '')),
    'and says how long all of it takes',
  )
  shell.clear()
  await until(/No requests are left/)
  const beforeEnd = clock.now()
  shell.type('\u0003')
  t.equal(await shell.ended, 130)
  t.ok(clock.now() - beforeEnd < 50 * minute, 'it did not wait for the end of the hour')
  t.match(windows()[1], { refused: 0 }, 'alone it is refused nothing')
  t.ok((windows()[1]?.granted ?? 0) > limit - 10, 'and uses what it has')
  const done = (await stored()).length
  t.ok(done > 0.6 * limit && done < 0.9 * limit, `${done} keys`)
  t.match(oneLine(shell.seen()), `Apply incomplete (interrupted): ${done} created`)

  clock.leap(hour)
  const rest = count - done
  const planned = await run('plan', '--json')
  const { changes } = JSON.parse(planned.stdout) as { changes: readonly { action: string }[] }
  t.strictSame(
    changes.filter(({ action }) => action !== 'create'),
    [],
    'nothing is half done',
  )
  t.equal(changes.length, rest)

  clock.leap(hour)
  const finished = await run('apply', '--auto-approve')
  const said = oneLine(finished.stderr)
  t.equal(finished.code, 0, said)
  t.match(
    said,
    new RegExp(
      `This needs ${cost(rest)} requests, and ${limit - 2} of ${number(limit)} are left until .* Apply waits for more once, about ${oneHour} in all`,
    ),
  )
  t.match(
    said,
    new RegExp(
      `No requests are left: going on in ${restOfHour}, at .* About \\d+ requests are to be made\\.`,
    ),
  )
  t.match(finished.stdout, `Apply complete! ${rest} created`)

  clock.leap(hour)
  t.equal((await run('plan', '--detailed-exitcode')).code, 0, 'the next plan is empty')
  t.equal((await stored()).length, count)
  const all = windows()
  t.equal(
    all.slice(1).reduce((sum, { refused }) => sum + refused, 0),
    0,
  )
  t.strictSame(
    all.filter(({ granted }) => granted > limit),
    [],
    'never more than it allows in one hour of the platform',
  )
  for (const index of [0, 0.3 * limit, done, count - 1]) {
    const secret = /^FLUXLOOP_API_KEY=(.*)$/m.exec(await place.read(`secrets/key-${index}.env`))?.[1] ?? ''
    const answer = await fetch(`${platform.env.FLUXLOOP_API_URL}/api/auth/whoami`, {
      headers: { authorization: `Bearer ${secret}` },
    })
    t.match(await answer.json(), { api_key: { name: `Key ${index}` } })
  }
})
