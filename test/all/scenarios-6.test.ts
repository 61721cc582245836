import { playPart } from './rooms.ts'

await playPart('scenarios', 6, 6)
