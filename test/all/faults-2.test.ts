import { playPart } from './rooms.ts'

await playPart('faults', 2, 2)
