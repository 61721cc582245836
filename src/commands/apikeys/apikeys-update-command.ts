import { platformWithCrashPoints } from '../../apply/crash-points.ts'
import { patchAsSeen } from '../../apply/write.ts'
import { plural } from '../../model/plural.ts'
import type { ConnectionOptions } from '../../runtime/connection.ts'
import type { Context } from '../../context.ts'
import {
  askedDescription,
  askedLifetime,
  askedName,
  askedPermissions,
  askedScope,
  requireProjects,
} from '../../model/asked.ts'
import { type Edit, type EditedField, editedFields } from '../../model/edit.ts'
import { Failure } from '../../model/failure.ts'
import type { LiveKey } from '../../model/live-key.ts'
import { maximumDescription, writeDescription } from '../../platform/marker-text.ts'
import type { KeyPatch } from '../../platform/types.ts'
import { editToJson, renderEdit } from '../../render/keys/edit-text.ts'
import { keyToJson } from '../../render/keys/key-json.ts'
import { updateNote } from '../../render/keys/management.ts'
import { success } from '../../render/keys/written-key.ts'
import { findKey } from '../find-key.ts'
import { managementOf } from './find-management.ts'
import { lookAgain, screenOf } from './screen.ts'

export interface UpdateOptions extends ConnectionOptions {
  /** A key id, a unique name, or the key id of a stack. */
  readonly reference: string
  readonly name: string | null
  readonly description: string | null
  readonly scope: string | null
  readonly permissions: string | null
  readonly expires: string | null
  readonly json: boolean
  /** Of the stack that owns the key; the usual one where it is empty. */
  readonly config: readonly string[]
  readonly verbose: boolean
}

function readEdit(options: UpdateOptions, now: number): Edit {
  const { name, description, scope, permissions, expires } = options
  if ([name, description, scope, permissions, expires].every(text => text === null)) {
    throw new Failure('usage', 'apikeys update needs something to change', {
      hints: ['Give --name, --description, --scope, --permissions or --expires.'],
    })
  }
  return {
    name: name === null ? null : askedName(name),
    description: description === null ? null : askedDescription(description),
    scope: scope === null ? null : askedScope(scope),
    permissions: permissions === null ? null : askedPermissions(permissions),
    expires: expires === null ? null : askedLifetime(expires, now),
  }
}

/** The description with the marker that it has to keep. */
function describedAs(text: string, { id, ownership }: LiveKey): KeyPatch['description'] {
  if (ownership.kind === 'unreadable') {
    throw new Failure('refused', `The description of ${id} has a marker that this version cannot read`, {
      hints: [
        'Some stack may own the key, and a new description would take it away. Change it in the web platform.',
      ],
    })
  }
  const marker = ownership.kind === 'managed' ? ownership.marker : null
  const over = writeDescription(text, marker).length - maximumDescription
  if (over > 0) {
    throw new Failure(
      'usage',
      `The description is too long by ${plural(over, 'character')}, next to the key's marker`,
    )
  }
  return { text, marker }
}

function patchOf(fields: readonly EditedField[], live: LiveKey): KeyPatch {
  let patch: KeyPatch = {}
  for (const edited of fields) {
    switch (edited.field) {
      case 'name':
        patch = { ...patch, name: edited.desired }
        break
      case 'description': {
        const description = describedAs(edited.desired, live)
        if (description !== undefined) patch = { ...patch, description }
        break
      }
      case 'scope':
        patch = { ...patch, scope: edited.desired }
        break
      case 'permissions':
        patch = { ...patch, permissions: edited.desired }
        break
      case 'expires':
        patch = { ...patch, expiresAt: edited.desired }
        break
    }
  }
  return patch
}

/** Changes what is given and nothing else, and shows the difference. */
export async function runUpdate(options: UpdateOptions, context: Context): Promise<number> {
  const { stdout, stderr } = context
  const edit = readEdit(options, context.now())
  const { client } = await context.connect(options)
  const found = await findKey(options.reference, client)
  const { key, listing } = found
  if (edit.scope !== null && edit.scope !== 'all') {
    const projects = await client.projects()
    requireProjects(
      edit.scope,
      projects.map(({ name }) => name),
    )
  }
  const fields = editedFields(key, edit, listing.now)
  const management = fields.length === 0 ? null : await managementOf(found, options.config, context)
  if (management !== null) {
    stderr.print(`${updateNote(management, screenOf(stderr, listing.now, context))}\n\n`)
  }
  const platform = platformWithCrashPoints(client, context.checkpoint)
  const updated =
    fields.length === 0 ? key : await patchAsSeen(key, patchOf(fields, key), { platform }, lookAgain(key))
  if (options.json) stdout.print(editToJson(keyToJson(updated, listing.now), fields))
  else if (fields.length === 0) stdout.print(`${key.id} is like that already: nothing was changed.`)
  else {
    stdout.print(`${success('updated', stdout.palette)}\n\n`)
    stdout.print(renderEdit(fields, screenOf(stdout, listing.now, context)))
  }
  return 0
}
