import { plural } from '../model/plural.ts'
import type { Context } from '../context.ts'
import type { Instant } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { fitsGlob } from '../model/glob.ts'
import type { LiveKey } from '../model/live-key.ts'
import { closest } from '../model/suggest.ts'
import { breakable } from '../render/text/layout.ts'
import { lastUseShort, listText, nameText, quotedName } from '../render/text/values.ts'

export interface Choosing {
  readonly patterns: readonly string[]
  readonly all: boolean
}

/** Is it asked for by its id or its name, and not by a wildcard alone? */
export function isNamed({ id, name }: LiveKey, patterns: readonly string[]): boolean {
  return patterns.includes(id) || patterns.includes(name)
}

function byPatterns(keys: readonly LiveKey[], patterns: readonly string[]): readonly LiveKey[] {
  const fits = (pattern: string) => (key: LiveKey) => fitsGlob(pattern, key.id) || fitsGlob(pattern, key.name)
  for (const pattern of patterns) {
    if (keys.some(fits(pattern))) continue
    const near = closest(
      pattern,
      keys.flatMap(({ id, name }) => [id, name]),
    )
    throw new Failure('not-found', `No key that can be imported fits \`${pattern}\``, {
      hints: [
        ...(near === null ? [] : [`Did you mean ${near}?`]),
        'Managed keys, expired ones, and those that the configuration adopts already do not count.',
      ],
    })
  }
  return keys.filter(key => patterns.some(pattern => fits(pattern)(key)))
}

async function byChecklist(
  keys: readonly LiveKey[],
  now: Instant,
  callerId: string | null,
  context: Context,
): Promise<readonly LiveKey[]> {
  const prompts = await context.prompts('Import cancelled: nothing was written')
  const choices = [...keys]
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1))
    .map(live => ({
      value: live.id,
      label: breakable(
        `${quotedName(live.name)} (${nameText(live.id)})${live.id === callerId ? ', which this command calls with' : ''}`,
      ),
      hint: breakable(`last used ${lastUseShort(live, now)}; ${listText(live.permissions)}`),
    }))
  const ids = await prompts.some('Keys to import:', choices, [])
  return keys.filter(({ id }) => ids.includes(id))
}

/** The keys that were asked for: by pattern, all, or from a checklist where there is somebody to ask. `askCaller`: the id of the calling key. */
export async function chooseKeys(
  keys: readonly LiveKey[],
  { patterns, all }: Choosing,
  askCaller: () => Promise<string | null>,
  context: Context,
): Promise<readonly LiveKey[]> {
  if (all && patterns.length > 0) throw new Failure('usage', 'import takes either --all or patterns')
  if (all || keys.length === 0) return patterns.length > 0 ? byPatterns(keys, patterns) : keys
  if (patterns.length > 0) return byPatterns(keys, patterns)
  if (context.interactive) return await byChecklist(keys, context.now(), await askCaller(), context)
  throw new Failure(
    'usage',
    `${plural(keys.length, 'key')} could be imported, and there is nobody to ask which`,
    {
      hints: [
        'For all of them: fluxloop-keys import --all',
        'Or name some, by id or name: fluxloop-keys import "CI *"',
      ],
    },
  )
}
