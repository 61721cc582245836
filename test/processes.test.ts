// Every file of tests is run by `npm test`, in one process, or by `npm run test:release`.
import { readdirSync } from 'node:fs'
import t from 'tap'
import manifest from '../package.json' with { type: 'json' }
import { ofReleases, processes } from './processes.ts'

t.test('runs every file of tests once', async t => {
  const files = ['test', 'fleet/test'].flatMap(folder =>
    readdirSync(new URL(`../${folder}/`, import.meta.url), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.test.ts'))
      .map(name => `${folder}/${name}`),
  )
  t.strictSame([...Object.values(processes).flat(), ...ofReleases].sort(), files.sort())
  t.equal(manifest.scripts['test:release'], `tap ${ofReleases.join(' ')}`)
})
