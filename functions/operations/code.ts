// The operations themselves: loaded with the first call of one (operations.ts).
export { encounterEverything, everything } from './everything.ts';
export { expand } from './expand.ts';
export { lastn } from './lastn.ts';
export { lookup } from './lookup.ts';
export { meta, metaAdd, metaDelete } from './meta.ts';
export { summary } from './summary.ts';
export { openUpload, uploadStatus } from './upload.ts';
export { validateOperation } from './validate.ts';
export { validateCodeInSet, validateCodeInSystem } from './validate-code.ts';
