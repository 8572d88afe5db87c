/**
 * Programs that exist but are not loaded yet: a page need not have them before its first prompt. A machine
 * that comes to one stops, asks for it by name, and goes on as if nothing had been.
 */
import type { Program, Sys } from './program.ts';

// eslint-disable-next-line require-yield
function* unloaded(): Sys<number> { throw new Error('a program was run before it was loaded'); }

export const unloadedProgram = (name: string): Program => ({ name, main: unloaded });
export const isUnloaded = (program: Program | undefined): boolean => program?.main === unloaded;
