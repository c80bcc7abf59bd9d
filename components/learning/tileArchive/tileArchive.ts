/** Keeps tiles on board for learning; their records go down, their pictures on command only. */
import { component, ok, refused } from '../../../fsw/framework';
import { classesTagOf } from '../../../fsw/learning';
import { sendRecords, sendThumbnail, take } from './archive';
import { type Archive, type State, tileArchiveModel } from './model';
import { Shelf } from './shelf';

export const tileArchive = component(tileArchiveModel, {
  state: ({ board, config }): State => {
    const classes = config.classes.split(',');
    return {
      shelf: new Shelf(board.files, config),
      classesTag: classesTagOf(config.model, classes),
      classes: classes.length,
      seen: 0,
      records: 0,
      recordBytes: 0,
      thumbnails: 0,
      thumbnailBytes: 0,
      notKept: 0,
    };
  },

  ports: (self) => ({
    specimensIn: (specimens) => take(self, specimens),
    tileFetch({ tile: id }) {
      const { shelf } = self.state;
      const read = shelf.read(id);
      if (!read.ok) {
        if (read.error.code !== 'FILE_MISSING') self.event.TileDamaged({ tile: id, reason: read.error.text });
        return undefined;
      }
      shelf.hold(id);
      const { timeUs, latDeg, lonDeg, probabilities } = read.value.tile;
      return { id, timeUs, latDeg, lonDeg, probabilities, pixels: read.value.pixels };
    },
  }),

  commands: (self) => ({
    async SEND_THUMBNAIL({ tile, quality }) {
      const sent = await sendThumbnail(self, tile, quality);
      return sent.ok ? ok : refused(sent.error.text);
    },
    SEND_RECORDS({ from, count }) {
      sendRecords(self, from, count);
      return ok;
    },
  }),

  start(self: Archive) {
    const { state, config, event, tlm } = self;
    const opened = state.shelf.open();
    if (!opened.ok) event.NotKept({ code: opened.error.code, reason: opened.error.text });
    if (state.shelf.idsLost) event.IdsLost({});
    const { size: tiles, damaged, bytes } = state.shelf;
    event.ArchiveOpened({ tiles, damaged, model: config.model, classes: config.classes });
    tlm.Kept(tiles);
    tlm.KeptBytes(BigInt(bytes));
  },
});
