//! Licence profiles: schemas, element names, code tables, validators and generated samples.
