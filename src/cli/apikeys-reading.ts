import { parseDuration } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { type SortOrder, sortOrders } from '../lifecycle/select-keys.ts'
import { closest } from '../model/suggest.ts'
import { type Command, connecting, connectionFlags, jsonFlag } from './command.ts'
import type { Flags } from './flags.ts'

const help = { hints: ['See fluxloop-keys apikeys list --help'] }

function duration(flags: Flags, name: string) {
  const text = flags.text(name)
  if (text === null) return null
  const length = parseDuration(text)
  if (length !== null) return length
  throw new Failure('usage', `--${name} takes a duration such as 90d, 2w or 36h, not \`${text}\``, help)
}

function sortOrder(text: string): SortOrder {
  const order = sortOrders.find(each => each === text)
  if (order !== undefined) return order
  const near = closest(text, sortOrders)
  throw new Failure('usage', `--sort takes ${sortOrders.join(', ')}, not \`${text}\``, {
    hints: [...(near === null ? [] : [`Did you mean ${near}?`]), ...help.hints],
  })
}

function managed(flags: Flags): boolean | null {
  const [only, none] = [flags.on('managed'), flags.on('unmanaged')]
  if (only && none) throw new Failure('usage', 'No key is both managed and unmanaged: give one flag', help)
  return only === none ? null : only
}

export const apikeysReading: readonly Command[] = [
  {
    name: 'apikeys list',
    text: 'List all API keys',
    flags: [
      { name: 'json', text: 'Output in JSON format' },
      {
        name: 'show-keys',
        text: 'Show partial key values (the last characters, as the platform masks them)',
      },
      { name: 'managed', text: 'Only keys that a stack of a configuration owns' },
      { name: 'unmanaged', text: 'Only keys that no stack owns' },
      { name: 'unused', value: '<duration>', text: 'Only keys that nobody used for so long: 90d' },
      { name: 'expiring', value: '<duration>', text: 'Only keys that end within that time: 14d' },
      { name: 'project', value: '<name>', text: 'Only keys that reach this project' },
      {
        name: 'sort',
        value: '<order>',
        text: 'By name, created (newest first), expires or last-used (created)',
      },
      ...connectionFlags,
    ],
    examples: [
      'apikeys list',
      'apikeys list --show-keys',
      'apikeys list --json',
      'apikeys list --unused 90d --sort last-used',
    ],
    run: async (flags, context) => {
      const options = {
        managed: managed(flags),
        unused: duration(flags, 'unused'),
        expiring: duration(flags, 'expiring'),
        project: flags.text('project'),
        sort: sortOrder(flags.text('sort') ?? 'created'),
        json: flags.on('json'),
        showKeys: flags.on('show-keys'),
        ...connecting(flags),
      }
      const { runList } = await import('../commands/apikeys/list.ts')
      return await runList(options, context)
    },
  },
  {
    name: 'apikeys show',
    text: 'Display details for a specific API key',
    takes: '<key-id>',
    flags: [jsonFlag, ...connectionFlags],
    examples: [
      'apikeys show key_abc123',
      'apikeys show key_abc123 --json',
      'apikeys show "Production Deployment"',
    ],
    run: async (flags, context) => {
      const { runShow } = await import('../commands/apikeys/show.ts')
      return await runShow(
        { reference: flags.words[0] ?? '', json: flags.on('json'), ...connecting(flags) },
        context,
      )
    },
  },
]
