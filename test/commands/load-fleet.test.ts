import t from 'tap'
import { fleetProtocol } from '../../src/commands/fleet/fleet-package.ts'
import { checkFleetPackage } from '../../src/commands/fleet/load-fleet.ts'
import { failed } from '../support/failed.ts'
import manifest from '../../package.json' with { type: 'json' }

/** A module with these exports, loaded as any other is. */
async function loaded(exports: Readonly<Record<string, unknown>>): Promise<unknown> {
  const lines = Object.entries(exports).map(
    ([name, value]) => `export const ${name} = ${JSON.stringify(value)}\n`,
  )
  return (await import(`data:text/javascript,${encodeURIComponent(lines.join(''))}`)) as unknown
}

t.test('takes a package that has the protocol of this program', async t => {
  const fleet = await checkFleetPackage(() => loaded({ protocol: fleetProtocol, version: '9.9.9' }))
  t.equal(fleet.version, '9.9.9')
})

t.test('names both versions where the protocol of the package is another', async t => {
  const failure = await failed(checkFleetPackage(() => loaded({ protocol: 2, version: '9.9.9' })))
  t.match(failure, {
    exitCode: 1,
    message: `fluxloop-keys-fleet 9.9.9 does not fit fluxloop-keys ${manifest.version}: it has protocol 2, and protocol 1 is needed`,
  })
  t.match(failure.hints, [
    /npm install fluxloop-keys-fleet@\d/,
    /packed yourself/,
    'Upgrade both packages together.',
  ])
})

t.test('refuses a package that says nothing of a protocol', async t => {
  const failure = await failed(checkFleetPackage(() => loaded({})))
  t.match(failure.message, /^fluxloop-keys-fleet of an unknown version does not fit .* it has no protocol/)
})

t.test('says what is wrong with an installation of which a part is missing', async t => {
  const broken = () => import(`data:text/javascript,${encodeURIComponent("import 'node:missing'")}`)
  const failure = await failed(checkFleetPackage(broken))
  t.match(failure.message, /^The package fluxloop-keys-fleet cannot be loaded: .*node:missing/)
  t.match(failure.hints, ['Its installation is not complete.', /npm install fluxloop-keys-fleet@\d/])
})
