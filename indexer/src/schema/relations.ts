/** How a row leads to others in GraphQL. */
import { relations } from "ponder";
import { bid, constituent, constituentSample, indexToken, navSample, rebalance } from "./indexes.ts";
import {
  account,
  epoch,
  position,
  positionEpoch,
  pot,
  potClaim,
  record,
  referencePrice,
  source,
  standing,
} from "./points.ts";

export const indexTokenRelations = relations(indexToken, ({ many }) => ({
  constituents: many(constituent),
  navSamples: many(navSample),
  rebalances: many(rebalance),
}));
export const constituentRelations = relations(constituent, ({ one }) => ({
  of: one(indexToken, { fields: [constituent.index], references: [indexToken.address] }),
}));
export const navSampleRelations = relations(navSample, ({ one, many }) => ({
  of: one(indexToken, { fields: [navSample.index], references: [indexToken.address] }),
  constituents: many(constituentSample),
}));
export const constituentSampleRelations = relations(constituentSample, ({ one }) => ({
  of: one(navSample, {
    fields: [constituentSample.index, constituentSample.period, constituentSample.start],
    references: [navSample.index, navSample.period, navSample.start],
  }),
}));
export const rebalanceRelations = relations(rebalance, ({ one, many }) => ({
  of: one(indexToken, { fields: [rebalance.index], references: [indexToken.address] }),
  filled: many(bid),
}));
export const bidRelations = relations(bid, ({ one }) => ({
  of: one(rebalance, { fields: [bid.index, bid.rebalance], references: [rebalance.index, rebalance.id] }),
}));
export const accountRelations = relations(account, ({ many }) => ({
  positions: many(position),
  positionEpochs: many(positionEpoch),
  standings: many(standing),
  records: many(record),
  claims: many(potClaim),
}));
export const positionRelations = relations(position, ({ one }) => ({
  of: one(account, { fields: [position.account], references: [account.address] }),
  from: one(source, { fields: [position.source], references: [source.address] }),
}));
export const positionEpochRelations = relations(positionEpoch, ({ one }) => ({
  of: one(account, { fields: [positionEpoch.account], references: [account.address] }),
}));
export const standingRelations = relations(standing, ({ one }) => ({
  of: one(account, { fields: [standing.account], references: [account.address] }),
  record: one(record, {
    fields: [standing.account, standing.epoch],
    references: [record.account, record.epoch],
  }),
}));
export const recordRelations = relations(record, ({ one }) => ({
  of: one(account, { fields: [record.account], references: [account.address] }),
}));
export const potClaimRelations = relations(potClaim, ({ one }) => ({
  of: one(account, { fields: [potClaim.account], references: [account.address] }),
}));
export const epochRelations = relations(epoch, ({ many }) => ({
  prices: many(referencePrice),
  pots: many(pot),
}));
export const referencePriceRelations = relations(referencePrice, ({ one }) => ({
  of: one(epoch, { fields: [referencePrice.epoch], references: [epoch.number] }),
}));
export const potRelations = relations(pot, ({ one }) => ({
  of: one(epoch, { fields: [pot.epoch], references: [epoch.number] }),
}));
