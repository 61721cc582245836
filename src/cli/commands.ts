import { renderHelp } from '../render/text/help-text.ts'
import { access } from './access.ts'
import { byHand } from './by-hand.ts'
import { type Command, defineCommand } from './command.ts'
import { helpOn, unknownPage } from './help.ts'
import { keysAsCode } from './keys-as-code.ts'
import { manyStacks } from './many-stacks.ts'
import { policy } from './policy.ts'
import { secrets } from './secrets.ts'
import { tryingOut } from './trying-out.ts'
import { versionLine } from './version-line.ts'

const help = defineCommand({
  name: 'help',
  group: 'trying out',
  takes: '[command...]',
  summary: 'Show what a command does, its flags and examples',
  about: ['Besides commands it knows configuration, environment and exit-codes.'],
  flags: {},
  examples: ['help', 'help plan', 'help apikeys create', 'help exit-codes'],
  run: async ({ argument: words }, { stdout }) => {
    const asked = words.join(' ')
    const page =
      asked === 'configuration'
        ? (await import('./configuration-help.ts')).configurationPage
        : helpOn(asked, commands)?.page
    if (page === undefined) throw unknownPage(asked, commands)
    stdout.print(renderHelp(page, stdout))
    return 0
  },
})

const version = defineCommand({
  name: 'version',
  group: 'trying out',
  summary: 'Print the version of fluxloop-keys',
  flags: {},
  examples: ['version'],
  run: (_given, context) => {
    context.stdout.print(versionLine(context.version))
    return Promise.resolve(0)
  },
})

/** All of them, in the order of the help. */
export const commands: readonly Command[] = [
  ...keysAsCode,
  ...policy,
  ...secrets,
  ...byHand,
  ...access,
  ...manyStacks,
  ...tryingOut,
  help,
  version,
]
