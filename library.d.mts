/** What library.mjs exports. */
/** Builds the package's modules and declarations into a folder, which is emptied first. */
export function buildLibrary(folder: string): Promise<void>;
