"""What tests of apps that use Coatcheck may import: clocks to set, and fakes of the outside network."""
