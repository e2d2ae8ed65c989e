"""The passkeys' room: public keys of devices that prove their holder to this site and to no other."""
