import { inflateRawSync } from 'node:zlib'
import { Failure } from '../model/failure.ts'

/** One file of an archive. */
export interface Unzipped {
  readonly name: string
  readonly bytes: Uint8Array
}

const endSignature = 0x06054b50
const entrySignature = 0x02014b50
const localSignature = 0x04034b50
/** The end record, and the longest comment after it. */
const endReach = 22 + 0xffff
/** The mark of a size or place that stands in a record for archives above 4 GB. */
const elsewhere = 0xffffffff

function damaged(why: string): Failure {
  return new Failure('failed', `The archive is damaged: ${why}`)
}

function findEnd(archive: Buffer): number {
  for (let at = archive.length - 22; at >= Math.max(0, archive.length - endReach); at -= 1)
    if (archive.readUInt32LE(at) === endSignature) return at
  throw damaged('it has no end')
}

/**
 * The files of a zip archive that `wanted` names, as the list at its end has them, one at a time and never more than `largest` bytes of
 * each, whatever the archive claims. Nothing is written anywhere, so a name leads nowhere. Throws a `Failure`.
 */
export function* unzip(
  bytes: Uint8Array,
  wanted: (name: string) => boolean,
  largest: number,
): Generator<Unzipped> {
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = findEnd(archive)
  const count = archive.readUInt16LE(end + 10)
  let at = archive.readUInt32LE(end + 16)
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > archive.length || archive.readUInt32LE(at) !== entrySignature)
      throw damaged('its list is cut')
    const method = archive.readUInt16LE(at + 10)
    const packed = archive.readUInt32LE(at + 20)
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map(offset =>
      archive.readUInt16LE(at + offset),
    )
    const local = archive.readUInt32LE(at + 42)
    const name = archive.toString('utf8', at + 46, at + 46 + (nameLength ?? 0))
    at += 46 + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0)
    if (!wanted(name)) continue
    if (packed === elsewhere || local === elsewhere) throw damaged(`${JSON.stringify(name)} is too large`)
    yield { name, bytes: contentAt(archive, { local, packed, method }, largest) }
  }
}

function contentAt(
  archive: Buffer,
  { local, packed, method }: { readonly local: number; readonly packed: number; readonly method: number },
  largest: number,
): Uint8Array {
  if (local + 30 > archive.length || archive.readUInt32LE(local) !== localSignature)
    throw damaged('a file is not where its list says')
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
  if (start + packed > archive.length) throw damaged('a file is cut')
  const content = archive.subarray(start, start + packed)
  if (method === 0) {
    if (packed > largest) throw damaged('a file is too large')
    return content
  }
  if (method !== 8) throw damaged('a file is packed in an unknown way')
  try {
    return inflateRawSync(content, { maxOutputLength: largest })
  } catch (cause) {
    throw new Failure('failed', 'The archive is damaged, or a file in it is too large', { cause })
  }
}
