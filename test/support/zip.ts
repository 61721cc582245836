import { deflateRawSync } from 'node:zlib'

/** An archive with one packed file, as GitHub serves artefacts. `claims`: what its list says of the size. */
export function zipped(name: string, content: string | Buffer, claims?: number): Buffer {
  const bytes = Buffer.from(content)
  const packed = deflateRawSync(bytes)
  const size = claims ?? bytes.length
  const title = Buffer.from(name)
  const common = Buffer.alloc(26)
  common.writeUInt16LE(20, 0)
  common.writeUInt16LE(8, 4)
  common.writeUInt32LE(packed.length, 14)
  common.writeUInt32LE(size, 18)
  common.writeUInt16LE(title.length, 22)
  const signature = (value: number) => {
    const four = Buffer.alloc(4)
    four.writeUInt32LE(value)
    return four
  }
  const local = Buffer.concat([signature(0x04034b50), common, title, packed])
  const entry = Buffer.concat([signature(0x02014b50), Buffer.from([20, 0]), common, Buffer.alloc(14), title])
  const end = Buffer.alloc(18)
  end.writeUInt16LE(1, 4)
  end.writeUInt16LE(1, 6)
  end.writeUInt32LE(entry.length, 8)
  end.writeUInt32LE(local.length, 12)
  return Buffer.concat([local, entry, signature(0x06054b50), end])
}
