//! The page over real HTTP, and in a real browser: what a requester sees through the link of a
//! mail, and what nobody gets from it. The desk is a whole one on a folder of its own; mails come
//! in as bytes and links are taken from the mails that left.

mod access;
mod acting;
mod browser;
mod buttons;
mod category;
mod chrome;
mod closing;
mod confirm;
mod desk;
mod facts;
mod files;
mod flood;
mod form;
mod french;
mod hardening;
mod http;
mod identity;
mod knowledge;
mod limits;
mod lists;
mod mine;
mod mistakes;
mod outcome;
mod pictures;
mod reading;
mod reply;
mod road;
mod seldom;
mod sessions;
mod sheets;
mod staff;
mod statistics;
mod submit;
mod technician;
mod ticket;
