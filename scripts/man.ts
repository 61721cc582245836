// Writes man/ from the definitions of the commands, as a part of `npm run build`: a page for each, for the configuration, and for what
// holds for all. package.json lists them, and a test compares.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import manifest from '../package.json' with { type: 'json' }
import { commands } from '../src/cli/commands.ts'
import { configurationPage } from '../src/cli/configuration-help.ts'
import { commandPage, helpOn } from '../src/cli/help.ts'
import { topics } from '../src/cli/topics.ts'
import { type ManPage, manPage } from './man-page.ts'

const program = 'fluxloop-keys'

export function manPages(): readonly ManPage[] {
  const overview = helpOn('', commands)?.page
  if (overview === undefined) throw new Error('The program has no page of its own')
  const { version } = manifest
  return [
    manPage(overview, program, 1, version),
    ...commands.map(command =>
      manPage(commandPage(command), `${program}-${command.name.replaceAll(' ', '-')}`, 1, version),
    ),
    manPage(configurationPage, `${program}.yaml`, 5, version),
    ...Object.entries(topics).map(([name, page]) => manPage(page, `${program}-${name}`, 7, version)),
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = new URL('../man/', import.meta.url)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  for (const { file, text } of manPages()) await writeFile(new URL(file, folder), text)
}
